using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GpuVae.Torch;

/// <summary>A VAE of an encoder to means and log-variances and a decoder to logits.</summary>
internal abstract class VaeModule : Module
{
    private readonly Sequential encoder, decoder;

    protected VaeModule(string name, Sequential encoder, Sequential decoder)
        : base(name)
    {
        this.encoder = encoder;
        this.decoder = decoder;
        RegisterComponents();
    }

    /// <summary>
    /// Binary cross-entropy summed over the pixels plus the KL term, averaged over the batch. Noise comes from libtorch's generator, a
    /// Mersenne twister, where ours is Philox.
    /// </summary>
    public Tensor Loss(Tensor images)
    {
        Tensor[] halves = encoder.call(images).chunk(2, dim: 1);
        Tensor mean = halves[0], logVariance = halves[1];
        Tensor code = mean + exp(0.5 * logVariance) * randn_like(mean);
        Tensor entropy = functional.binary_cross_entropy_with_logits(Decode(code), images, reduction: Reduction.Sum);
        Tensor divergence = 0.5 * (mean.square() + logVariance.exp() - 1 - logVariance).sum();
        return (entropy + divergence) / images.shape[0];
    }

    /// <summary>Logits.</summary>
    public Tensor Decode(Tensor codes) => decoder.call(codes);

    /// <summary>Linear layers of those widths with ReLU between them.</summary>
    protected static IEnumerable<Module<Tensor, Tensor>> Dense(params long[] widths)
    {
        for (int i = 1; i < widths.Length; i++)
        {
            if (i > 1)
                yield return ReLU();
            yield return Linear(widths[i - 1], widths[i]);
        }
    }
}

/// <summary>pixels-w-w/2-2·latent, latent-w/2-w-pixels.</summary>
internal sealed class SeedVae(long pixels, long width, long latent) : VaeModule(
    nameof(SeedVae),
    Sequential(Dense(pixels, width, width / 2, 2 * latent)), Sequential(Dense(latent, width / 2, width, pixels)));

/// <summary>The default convolutional model on 64 × 64 colour images, with c, 2c and 4c channels.</summary>
internal sealed class ConvolutionalVae(long c, long latent) : VaeModule(
    nameof(ConvolutionalVae),
    Sequential(
    [
        Down(3, c), ReLU(), Down(c, 2 * c), ReLU(), Down(2 * c, 4 * c), ReLU(), Flatten(), .. Dense(Coarse * 4 * c, 256, 2 * latent),
    ]),
    Sequential(
    [
        .. Dense(latent, 256, Coarse * 4 * c), ReLU(), Unflatten(1, [4 * c, 8, 8]),
        Up(4 * c, 2 * c), ReLU(), Up(2 * c, c), ReLU(), Up(c, 3),
    ]))
{
    private const long Coarse = 8 * 8;

    private static Conv2d Down(long from, long to) => Conv2d(from, to, kernel_size: 4, stride: 2, padding: 1);

    private static ConvTranspose2d Up(long from, long to) => ConvTranspose2d(from, to, kernel_size: 4, stride: 2, padding: 1);
}
