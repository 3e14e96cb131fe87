namespace GpuVae.Options;

/// <summary>The size of one image; its values lie planar, [Channels, Height, Width], as in <c>ImageSet</c>.</summary>
public readonly record struct ImageShape(int Width, int Height, int Channels = 1)
{
    /// <summary>Channels · Height · Width, the length of one row of a batch.</summary>
    public int Pixels => checked(Width * Height * Channels);

    public override string ToString() => $"{Width}×{Height}×{Channels}";
}
