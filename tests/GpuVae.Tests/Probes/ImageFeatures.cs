namespace GpuVae.Tests.Probes;

/// <summary>Fixed features of images for <see cref="LinearProbe"/>. Images are planar, [channels, height, width].</summary>
internal static class ImageFeatures
{
    private const int Directions = 8;

    /// <summary>Means of blocks of <paramref name="block"/> × <paramref name="block"/> pixels, channel by channel, in [0, 1].</summary>
    public static float[] Means(ReadOnlySpan<byte> image, int width, int height, int channels, int block)
    {
        int columns = width / block, rows = height / block;
        float[] means = new float[channels * rows * columns];
        for (int c = 0; c < channels; c++)
            for (int y = 0; y < rows * block; y++)
                for (int x = 0; x < columns * block; x++)
                    means[(c * rows + y / block) * columns + x / block] += image[(c * height + y) * width + x] / (255f * block * block);
        return means;
    }

    /// <summary>
    /// Of a grey image, how much edge there is in each of eight directions around each of a grid of points <paramref name="spacing"/>
    /// pixels apart (Dalal and Triggs, "Histograms of oriented gradients for human detection", CVPR 2005), as square roots, so that faint
    /// edges count too, brought to length 1.
    /// </summary>
    public static float[] Edges(ReadOnlySpan<byte> image, int width, int height, int spacing)
    {
        int columns = width / spacing, rows = height / spacing;
        float[] histogram = new float[columns * rows * Directions];
        for (int y = 1; y < height - 1; y++)
            for (int x = 1; x < width - 1; x++)
            {
                int at = y * width + x;
                float dx = image[at + 1] - image[at - 1], dy = image[at + width] - image[at - width];
                float strength = MathF.Sqrt(dx * dx + dy * dy);
                if (strength == 0)
                    continue;
                float turn = (MathF.Atan2(dy, dx) / MathF.Tau + 1) * Directions;
                // Shared linearly among two directions and four points.
                float atX = (x + 0.5f) / spacing - 0.5f, atY = (y + 0.5f) / spacing - 0.5f;
                int column = (int)MathF.Floor(atX), row = (int)MathF.Floor(atY), direction = (int)turn;
                for (int corner = 0; corner < 8; corner++)
                {
                    int cx = column + (corner & 1), cy = row + (corner >> 1 & 1), d = direction + (corner >> 2);
                    float share = strength * (1 - MathF.Abs(atX - cx)) * (1 - MathF.Abs(atY - cy)) * (1 - MathF.Abs(turn - d));
                    if (cx >= 0 && cx < columns && cy >= 0 && cy < rows)
                        histogram[(cy * columns + cx) * Directions + d % Directions] += share;
                }
            }
        float sum = 1e-6f;
        foreach (float value in histogram)
            sum += value;
        for (int i = 0; i < histogram.Length; i++)
            histogram[i] = MathF.Sqrt(histogram[i] / sum);
        return histogram;
    }
}
