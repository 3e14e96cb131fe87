using GpuVae.Devices;
using GpuVae.Kernels.Convolution;

namespace GpuVae.Layers;

/// <summary>
/// A network that scores patches of images (Isola et al. 2017, arXiv:1611.07004): convolutions that halve the image, then two that keep its
/// size, the last to one score at every place. Leaky ReLU between them, no normalisation but that of the weights.
/// </summary>
internal static class PatchDiscriminator
{
    /// <summary>Planar images to their scores, [batch, places].</summary>
    /// <param name="shape">Of the images.</param>
    /// <param name="channels">Of the convolutions that halve.</param>
    public static Network Create(ImageShape shape, IReadOnlyList<int> channels)
    {
        const string name = "discriminator";
        var layers = new List<Layer>();
        (int width, int height, int inputs) = shape;
        if (inputs > 1)
            layers.Add(new Reordering($"{name} input", inputs, width * height));
        int index = 0;
        foreach (int outputs in channels)
        {
            int kernel = height % 2 == 0 && width % 2 == 0 ? 4 : 3;
            Add(new ConvolutionShape(1, height, width, inputs, outputs, kernel, Stride: 2, Padding: 1), ActivationKind.LeakyRelu);
            (height, width, inputs) = ((height + 1) / 2, (width + 1) / 2, outputs);
        }
        Add(new ConvolutionShape(1, height, width, inputs, inputs, Kernel: 3, Stride: 1, Padding: 1), ActivationKind.LeakyRelu);
        Add(new ConvolutionShape(1, height, width, inputs, 1, Kernel: 3, Stride: 1, Padding: 1), null);
        return new Network(layers);

        void Add(ConvolutionShape convolution, ActivationKind? activation)
        {
            layers.Add(new Convolution2d(
                $"{name}.{index}", convolution, isTransposed: false, activation is { } kind ? Activation.Of(kind) : null));
            // The activation counts as a module.
            index += 2;
        }
    }
}
