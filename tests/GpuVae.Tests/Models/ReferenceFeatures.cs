using GpuVae.Layers;
using GpuVae.Options;

namespace GpuVae.Tests.Models;

/// <summary>What a network of features makes of images, and a distance in it, in double precision by the definitions.</summary>
internal sealed class ReferenceFeatures(FrozenNetwork network, ImageShape shape)
{
    /// <summary>
    /// Values of one image, planar in [0, 1]: 0 is what the network takes, i + 1 what node i gives, each [height][width][channel].
    /// </summary>
    public List<double[,,]> Values(ReadOnlySpan<double> image)
    {
        double[,,] input = new double[shape.Height, shape.Width, network.Input.Count];
        for (int y = 0; y < shape.Height; y++)
            for (int x = 0; x < shape.Width; x++)
                for (int c = 0; c < network.Input.Count; c++)
                {
                    (int source, float scale, float shift) = network.Input[c];
                    int plane = Math.Min(source, shape.Channels - 1);
                    input[y, x, c] = scale * image[(plane * shape.Height + y) * shape.Width + x] + shift;
                }
        var values = new List<double[,,]> { input };
        foreach (FrozenNode node in network.Nodes)
        {
            double[,,] made = node switch
            {
                FrozenConvolution convolution => Convolve(convolution, values[convolution.Input]),
                FrozenPooling pooling => Pool(pooling, values[pooling.Input]),
                FrozenSum sum => Add(values[sum.Left], values[sum.Right]),
                _ => throw new NotSupportedException($"{node}"),
            };
            if (node.IsRectified)
                for (int y = 0; y < made.GetLength(0); y++)
                    for (int x = 0; x < made.GetLength(1); x++)
                        for (int c = 0; c < made.GetLength(2); c++)
                            made[y, x, c] = Math.Max(0, made[y, x, c]);
            values.Add(made);
        }
        return values;
    }

    /// <summary>Σ over taps of the mean over places of ‖u − v‖², a mean over images; both [batch, pixels].</summary>
    public double Distance(IReadOnlyList<int> taps, double[] images, double[] reconstructions)
    {
        double sum = 0;
        for (int at = 0; at < images.Length; at += shape.Pixels)
        {
            List<double[,,]> left = Values(images.AsSpan(at, shape.Pixels)), right = Values(reconstructions.AsSpan(at, shape.Pixels));
            sum += taps.Sum(tap => Distance(left[tap], right[tap]));
        }
        return sum / (images.Length / shape.Pixels);
    }

    private static double Distance(double[,,] left, double[,,] right)
    {
        double sum = 0;
        (int height, int width, int channels) = (left.GetLength(0), left.GetLength(1), left.GetLength(2));
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
            {
                double a = 1e-6, b = 1e-6;
                for (int c = 0; c < channels; c++)
                    (a, b) = (a + left[y, x, c] * left[y, x, c], b + right[y, x, c] * right[y, x, c]);
                for (int c = 0; c < channels; c++)
                    sum += Math.Pow(left[y, x, c] / Math.Sqrt(a) - right[y, x, c] / Math.Sqrt(b), 2);
            }
        return sum / (height * width);
    }

    private static double[,,] Convolve(FrozenConvolution node, double[,,] from)
    {
        double[,,] made = Empty(from, node.Kernel, node.Stride, node.Padding, node.ChannelsOut);
        ForWindows(made, from, node.Kernel, node.Stride, node.Padding, (y, x, fromY, fromX, ky, kx) =>
        {
            for (int o = 0; o < node.ChannelsOut; o++)
                for (int i = 0; i < node.ChannelsIn; i++)
                    made[y, x, o] += from[fromY, fromX, i] * node.Weight[((o * node.ChannelsIn + i) * node.Kernel + ky) * node.Kernel + kx];
        });
        for (int y = 0; y < made.GetLength(0); y++)
            for (int x = 0; x < made.GetLength(1); x++)
                for (int o = 0; o < node.ChannelsOut; o++)
                    made[y, x, o] += node.Bias[o];
        return made;
    }

    private static double[,,] Pool(FrozenPooling node, double[,,] from)
    {
        double[,,] made = Empty(from, node.Kernel, node.Stride, node.Padding, from.GetLength(2));
        bool[,,] isSeen = new bool[made.GetLength(0), made.GetLength(1), made.GetLength(2)];
        ForWindows(made, from, node.Kernel, node.Stride, node.Padding, (y, x, fromY, fromX, _, _) =>
        {
            for (int c = 0; c < from.GetLength(2); c++)
            {
                double value = from[fromY, fromX, c];
                made[y, x, c] = !node.IsMaximum ? made[y, x, c] + value / (node.Kernel * node.Kernel)
                    : isSeen[y, x, c] ? Math.Max(made[y, x, c], value) : value;
                isSeen[y, x, c] = true;
            }
        });
        return made;
    }

    private static double[,,] Add(double[,,] left, double[,,] right)
    {
        double[,,] made = (double[,,])left.Clone();
        for (int y = 0; y < made.GetLength(0); y++)
            for (int x = 0; x < made.GetLength(1); x++)
                for (int c = 0; c < made.GetLength(2); c++)
                    made[y, x, c] += right[y, x, c];
        return made;
    }

    private static double[,,] Empty(double[,,] from, int kernel, int stride, int padding, int channels) => new double[
        (from.GetLength(0) + 2 * padding - kernel) / stride + 1, (from.GetLength(1) + 2 * padding - kernel) / stride + 1, channels];

    private static void ForWindows(
        double[,,] made, double[,,] from, int kernel, int stride, int padding, Action<int, int, int, int, int, int> see)
    {
        for (int y = 0; y < made.GetLength(0); y++)
            for (int x = 0; x < made.GetLength(1); x++)
                for (int ky = 0; ky < kernel; ky++)
                    for (int kx = 0; kx < kernel; kx++)
                    {
                        (int fromY, int fromX) = (y * stride - padding + ky, x * stride - padding + kx);
                        if (fromY >= 0 && fromY < from.GetLength(0) && fromX >= 0 && fromX < from.GetLength(1))
                            see(y, x, fromY, fromX, ky, kx);
                    }
    }
}
