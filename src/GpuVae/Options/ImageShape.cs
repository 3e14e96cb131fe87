using GpuVae.Models;
namespace GpuVae.Options;

/// <summary>The size of one image; its values lie planar, [Channels, Height, Width], as in <see cref="Data.ImageSet"/>.</summary>
public readonly record struct ImageShape(int Width, int Height, int Channels = 1)
{
    /// <summary>Channels · Height · Width, the length of one row of a batch.</summary>
    public int Pixels => checked(Width * Height * Channels);

    public static ImageShape Of(Data.ImageSet images) => new(images.Width, images.Height, images.Channels);

    public override string ToString() => $"{Width}×{Height}×{Channels}";
}
