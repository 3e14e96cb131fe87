using System.Numerics;

namespace GpuVae.Imaging;

/// <summary>What is done to the samples of pictures of 8 and of 16 bits alike; pixels are [Height · Width, Channels].</summary>
internal static class Samples
{
    /// <summary>Between 1 and 3 channels, and from 4: alpha is composited on black, grey is the luma of Rec. 601.</summary>
    public static void Convert<T>(ReadOnlySpan<T> source, int from, Span<T> target, int to)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        long max = long.CreateTruncating(T.MaxValue);
        for (int i = 0; i < source.Length / from; i++)
        {
            ReadOnlySpan<T> pixel = source.Slice(i * from, from);
            long r = long.CreateTruncating(pixel[0]), g = r, b = r;
            if (from > 1)
                (g, b) = (long.CreateTruncating(pixel[1]), long.CreateTruncating(pixel[2]));
            if (from == 4)
            {
                long alpha = long.CreateTruncating(pixel[3]);
                (r, g, b) = ((r * alpha + max / 2) / max, (g * alpha + max / 2) / max, (b * alpha + max / 2) / max);
            }
            Span<T> converted = target.Slice(i * to, to);
            if (to == 1)
                converted[0] = T.CreateTruncating((r * 299 + g * 587 + b * 114 + 500) / 1000);
            else
                (converted[0], converted[1], converted[2]) = (T.CreateTruncating(r), T.CreateTruncating(g), T.CreateTruncating(b));
        }
    }

    /// <summary>[Height · Width, Channels] to [Channels, Height · Width].</summary>
    public static void ToPlanar<T>(ReadOnlySpan<T> interleaved, int channels, Span<T> planar)
    {
        int plane = interleaved.Length / channels;
        for (int c = 0; c < channels; c++)
            for (int i = 0; i < plane; i++)
                planar[c * plane + i] = interleaved[i * channels + c];
    }

    /// <summary>[channels, Height · Width] to [Height · Width, channels].</summary>
    public static void ToInterleaved<T>(ReadOnlySpan<T> planar, int channels, Span<T> interleaved)
    {
        int plane = interleaved.Length / channels;
        for (int c = 0; c < channels; c++)
            for (int i = 0; i < plane; i++)
                interleaved[i * channels + c] = planar[c * plane + i];
    }
}
