using GpuVae.Kernels.Common;
using GpuVae.Options;

namespace GpuVae.Applications;

/// <summary>
/// Between images and their reductions, the means over blocks of pixels, without a model. Values are [n, channels, height, width].
/// </summary>
public static class Enlargement
{
    /// <summary>The mean over blocks of factor × factor pixels.</summary>
    public static float[] Reduce(ReadOnlySpan<float> images, ImageShape shape, int factor)
    {
        var reduction = new PoolShape(shape.Width, shape.Height, shape.Channels, factor);
        float[] small = new float[images.Length / shape.Pixels * reduction.SmallPixels];
        for (int i = 0; i < small.Length; i++)
            small[i] = Mean(images.Slice(i / reduction.SmallPixels * shape.Pixels, shape.Pixels), i % reduction.SmallPixels, reduction);
        return small;
    }

    /// <summary>Each pixel as a block of factor × factor equal ones.</summary>
    public static float[] Repeat(ReadOnlySpan<float> small, ImageShape smallShape, int factor)
    {
        int width = smallShape.Width * factor;
        float[] large = new float[small.Length * factor * factor];
        for (int i = 0; i < large.Length; i++)
            large[i] = small[i / width / factor * smallShape.Width + i % width / factor];
        return large;
    }

    /// <summary>
    /// Cubic convolution with a = −1/2 (Keys, "Cubic convolution interpolation for digital image processing", 1981), pixels being areas:
    /// the first large pixel's centre lies at (0.5 / factor − 0.5). Edges repeat; values are clamped to [0, 1].
    /// </summary>
    public static float[] Bicubic(ReadOnlySpan<float> small, ImageShape smallShape, int factor)
    {
        int width = smallShape.Width, height = smallShape.Height, planes = small.Length / (width * height);
        float[,] weights = new float[factor, 4];
        for (int phase = 0; phase < factor; phase++)
            for (int tap = 0; tap < 4; tap++)
                weights[phase, tap] = Keys(Offset(phase) - (tap - 1));
        float[] wide = new float[small.Length * factor];
        for (int row = 0; row < planes * height; row++)
            for (int x = 0; x < width * factor; x++)
                for (int tap = 0; tap < 4; tap++)
                    wide[row * width * factor + x] += weights[x % factor, tap] * small[row * width + Source(x, tap, width)];
        float[] large = new float[wide.Length * factor];
        for (int y = 0; y < planes * height * factor; y++)
        {
            int plane = y / (height * factor) * height;
            for (int x = 0; x < width * factor; x++)
            {
                float sum = 0;
                for (int tap = 0; tap < 4; tap++)
                    sum += weights[y % factor, tap] * wide[(plane + Source(y % (height * factor), tap, height)) * width * factor + x];
                large[y * width * factor + x] = Math.Clamp(sum, 0, 1);
            }
        }
        return large;

        // The distance of a large pixel's centre from that of the second of its four taps, in small pixels: in [0, 1).
        float Offset(int phase) => (phase + 0.5f) / factor + (2 * phase + 1 < factor ? 0.5f : -0.5f);

        int Source(int large, int tap, int size) =>
            Math.Clamp(large / factor - (2 * (large % factor) + 1 < factor ? 1 : 0) + tap - 1, 0, size - 1);
    }

    /// <summary>
    /// The nearest images in [0, 1] whose reductions are the small ones: each block is shifted, and clamped, by what makes its mean right.
    /// That cannot take them further away from a true image that <paramref name="small"/> comes from: it is in that convex set, too.
    /// </summary>
    internal static void Match(Span<float> images, ReadOnlySpan<float> small, PoolShape reduction)
    {
        const int halvings = 24;
        int pixels = reduction.Width * reduction.Height * reduction.Channels, factor = reduction.Factor;
        Span<float> block = stackalloc float[factor * factor];
        for (int i = 0; i < small.Length; i++)
        {
            Span<float> image = images.Slice(i / reduction.SmallPixels * pixels, pixels);
            int first = reduction.FirstOf(i % reduction.SmallPixels);
            float low = 0, high = 0;
            for (int p = 0; p < block.Length; p++)
            {
                block[p] = image[first + p / factor * reduction.Width + p % factor];
                (low, high) = (Math.Min(low, -block[p]), Math.Max(high, 1 - block[p]));
            }
            // The mean grows with the shift, from 0 at the lowest to 1 at the highest.
            for (int halving = 0; halving < halvings; halving++)
            {
                float shift = (low + high) / 2, sum = 0;
                foreach (float pixel in block)
                    sum += Math.Clamp(pixel + shift, 0, 1);
                (low, high) = sum < small[i] * block.Length ? (shift, high) : (low, shift);
            }
            for (int p = 0; p < block.Length; p++)
                image[first + p / factor * reduction.Width + p % factor] = Math.Clamp(block[p] + high, 0, 1);
        }
    }

    private static float Mean(ReadOnlySpan<float> image, int small, PoolShape reduction)
    {
        int block = reduction.FirstOf(small);
        float sum = 0;
        for (int p = 0; p < reduction.Factor * reduction.Factor; p++)
            sum += image[block + p / reduction.Factor * reduction.Width + p % reduction.Factor];
        return sum / (reduction.Factor * reduction.Factor);
    }

    private static float Keys(float x)
    {
        x = Math.Abs(x);
        return x < 1 ? (1.5f * x - 2.5f) * x * x + 1 : x < 2 ? ((-0.5f * x + 2.5f) * x - 4) * x + 2 : 0;
    }
}
