namespace GpuVae.Kernels.Common;

/// <summary>From images to small images: the mean over blocks.</summary>
/// <param name="Width">Of the image, in pixels; a multiple of the factor, as the height.</param>
/// <param name="Height">Of the image.</param>
/// <param name="Channels">Of both images, which are planar.</param>
/// <param name="Factor">The side of a block.</param>
public readonly record struct PoolShape(int Width, int Height, int Channels, int Factor)
{
    /// <summary>Pixels times channels of the image.</summary>
    public int Pixels => Width * Height * Channels;

    /// <summary>Pixels times channels of the small image.</summary>
    public int SmallPixels => Width / Factor * (Height / Factor) * Channels;

    /// <summary>The first pixel of the block that makes pixel <paramref name="small"/> of the small image.</summary>
    public int FirstOf(int small)
    {
        // Rows of blocks run on through the channels, as rows of pixels do.
        int columns = Width / Factor;
        return (small / columns * Width + small % columns) * Factor;
    }
}
