using GpuVae.Data;
using GpuVae.Options;

namespace GpuVae.Tests;

/// <summary>Small image sets whose pixels are the same everywhere.</summary>
internal static class TestImages
{
    public static ImageSet Random(int count, ImageShape shape, int seed = 1)
    {
        byte[] pixels = new byte[count * shape.Pixels];
        new Random(seed).NextBytes(pixels);
        return new ImageSet("random images", shape.Width, shape.Height, shape.Channels, pixels);
    }

    public static double[] AsDoubles(ReadOnlySpan<byte> pixels) => [.. pixels.ToArray().Select(pixel => pixel / 255.0)];
}
