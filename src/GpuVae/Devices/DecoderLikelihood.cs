using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Likelihoods;

namespace GpuVae.Devices;

/// <summary>
/// What a decoder does under one likelihood. Kernels take it as a type argument; this is where the value of <see cref="Likelihood"/>
/// becomes that type.
/// </summary>
/// <param name="Kernels">On what the decoder gives.</param>
internal sealed record DecoderLikelihood(LikelihoodKernels Kernels)
{
    /// <summary>
    /// The name of the number that all pixels share and where it starts; null for none. It is a parameter of the model beside the
    /// networks'.
    /// </summary>
    public (string Name, float Start)? Shared { get; init; }

    /// <summary>See <see cref="Shared"/>.</summary>
    public static (string Name, float Start)? SharedOf(VaeOptions options) => options.Likelihood switch
    {
        Likelihood.GaussianShared => ("likelihood.log_variance", (float)Math.Log(options.Variance)),
        // Its variance is twice the square of its scale.
        Likelihood.Laplace => ("likelihood.log_scale", (float)(0.5 * Math.Log(0.5 * options.Variance))),
        _ => null,
    };

    /// <summary>
    /// Whether the first column of a pixel, through <see cref="MeanActivation"/>, is its mean, so that a dense decoder's last product can
    /// give the image.
    /// </summary>
    public bool MeanIsColumn { get; private init; }

    /// <summary>f, where the mean is f(first column); null for none.</summary>
    public Activation? MeanActivation { get; private init; }

    /// <summary>The decoder's last product with the loss as its epilogue; null where the likelihood cannot ride on a product.</summary>
    public FusedLoss? FusedLoss { get; private init; }

    public static DecoderLikelihood Create(Accelerator accelerator, GemmContext gemm, VaeOptions options)
    {
        DecoderLikelihood made = options.Likelihood switch
        {
            Likelihood.Bernoulli => Fused<BernoulliLikelihood>(accelerator, gemm, default) with
            {
                MeanIsColumn = true,
                MeanActivation = Activation.Of<Sigmoid>(),
            },
            Likelihood.ContinuousBernoulli => Fused<ContinuousBernoulliLikelihood>(accelerator, gemm, default),
            Likelihood.Gaussian => Fused(accelerator, gemm, new GaussianLikelihood((float)options.Variance)) with { MeanIsColumn = true },
            Likelihood.GaussianLearned => Of<PixelScale<GaussianFamily>>(accelerator, default) with { MeanIsColumn = true },
            Likelihood.GaussianShared => Of<SharedScale<GaussianFamily>>(accelerator, default) with { MeanIsColumn = true },
            Likelihood.Laplace => Of<SharedScale<LaplaceFamily>>(accelerator, default) with { MeanIsColumn = true },
            Likelihood.DiscretizedLogistic => Of<PixelScale<DiscretizedLogisticFamily>>(accelerator, default),
            Likelihood.LogisticMixture => Of(accelerator, new MixtureLikelihood<DiscretizedLogisticFamily>(options.MixtureComponents)),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Likelihood, "no such likelihood"),
        };
        return made with { Shared = SharedOf(options) };
    }

    public static DecoderLikelihood Of<TLikelihood>(Accelerator accelerator, TLikelihood likelihood)
        where TLikelihood : struct, IPixelLikelihood => new(LikelihoodKernels.Create(accelerator, likelihood));

    /// <summary>One that can ride on a product.</summary>
    public static DecoderLikelihood Fused<TLikelihood>(Accelerator accelerator, GemmContext gemm, TLikelihood likelihood)
        where TLikelihood : struct, ILikelihood =>
        Of(accelerator, new OneColumn<TLikelihood>(likelihood)) with { FusedLoss = FusedLoss.Create(gemm, likelihood) };
}

/// <summary>See <see cref="LinearLoss{TLikelihood}"/>: its launches, whichever the likelihood.</summary>
/// <param name="PartsPerRow">See <see cref="LinearLoss{TLikelihood}.PartsPerRow"/>.</param>
/// <param name="Run">See <see cref="LinearLoss{TLikelihood}.Run"/>.</param>
internal sealed record FusedLoss(Func<int, int, int, int> PartsPerRow, FusedLoss.Launcher Run)
{
    /// <inheritdoc cref="LinearLoss{TLikelihood}.Run"/>
    public delegate void Launcher(
        AcceleratorStream stream, MatrixView x, MatrixView weight, ArrayView<float> bias, MatrixView target, MatrixView dy,
        ArrayView<float> parts, float scale);

    public static FusedLoss Create<TLikelihood>(GemmContext gemm, TLikelihood likelihood)
        where TLikelihood : struct, ILikelihood
    {
        var kernel = new LinearLoss<TLikelihood>(gemm);
        return new FusedLoss(kernel.PartsPerRow, (stream, x, weight, bias, target, dy, parts, scale) =>
            kernel.Run(stream, x, weight, bias, target, dy, parts, likelihood, scale));
    }
}
