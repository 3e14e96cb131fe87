namespace GpuVae.Options;

/// <summary>The size of one image; its values lie planar, [Channels, Height, Width], as in <c>ImageSet</c>.</summary>
public readonly record struct ImageShape(int Width, int Height, int Channels = 1)
{
    /// <summary>The most channels that an image may have.</summary>
    public const int MaxChannels = 16;

    /// <summary>Channels · Height · Width, the length of one row of a batch.</summary>
    public int Pixels => checked(Width * Height * Channels);

    /// <summary>Such as <c>28×28×1</c>.</summary>
    public override string ToString() => $"{Width}×{Height}×{Channels}";
}
