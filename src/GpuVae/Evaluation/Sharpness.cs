namespace GpuVae.Evaluation;

/// <summary>
/// The variance over the pixels of the Laplacian −4·x + its four neighbours of the mean of the channels, averaged over the images
/// (Pech-Pacheco et al. 2000): blurred images have less than their data. Without the border.
/// </summary>
public static class Sharpness
{
    /// <summary>Of images [n, pixels], planar, values in [0, 1]; 0 of those without an inner pixel.</summary>
    public static double Of(ReadOnlySpan<float> images, ImageShape shape)
    {
        int width = shape.Width, height = shape.Height, plane = width * height, count = images.Length / shape.Pixels;
        int inner = (width - 2) * (height - 2);
        if (width < 3 || height < 3)
            return 0;
        float[] grey = new float[plane];
        double total = 0;
        for (int image = 0; image < count; image++)
        {
            Array.Clear(grey);
            for (int i = 0; i < shape.Pixels; i++)
                grey[i % plane] += images[image * shape.Pixels + i] / shape.Channels;
            double sum = 0, squares = 0;
            for (int y = 1; y < height - 1; y++)
            {
                for (int x = 1; x < width - 1; x++)
                {
                    int at = y * width + x;
                    double value = grey[at - 1] + grey[at + 1] + grey[at - width] + grey[at + width] - 4.0 * grey[at];
                    (sum, squares) = (sum + value, squares + value * value);
                }
            }
            total += squares / inner - sum / inner * (sum / inner);
        }
        return total / count;
    }
}
