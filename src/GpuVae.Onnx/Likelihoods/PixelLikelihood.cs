using GpuVae.Onnx.Graphs;

namespace GpuVae.Onnx.Likelihoods;

/// <summary>p(x|z) of the pixels as nodes; the formulas are those of its kernels.</summary>
internal abstract class PixelLikelihood
{
    /// <exception cref="BadInputException">The likelihood has no form in ONNX here.</exception>
    public static PixelLikelihood Create(VaeOptions options) => options.Likelihood switch
    {
        Likelihood.Bernoulli => new Bernoulli(),
        Likelihood.ContinuousBernoulli => new ContinuousBernoulli(),
        Likelihood.Gaussian => new FixedGaussian((float)options.Variance),
        Likelihood.GaussianLearned => new PixelScale(new GaussianFamily()),
        Likelihood.GaussianShared => new SharedScale(new GaussianFamily()),
        Likelihood.Laplace => new SharedScale(new LaplaceFamily()),
        Likelihood.DiscretizedLogistic => new PixelScale(new DiscretizedLogisticFamily()),
        Likelihood.LogisticMixture => new Mixture(new DiscretizedLogisticFamily(), options.MixtureComponents),
        _ => throw new BadInputException(
            $"The likelihood {options.Likelihood} cannot be exported to ONNX. Train a model with another VaeOptions.Likelihood."),
    };

    /// <summary>What describes the distribution of each pixel, in the family's coordinates.</summary>
    /// <param name="decoded">[numbers per pixel · channels, height, width].</param>
    public abstract IReadOnlyList<Parameter> Parameters(Value decoded);

    /// <summary>The mean of p(x|z), [channels, height, width].</summary>
    public abstract Value Mean(IReadOnlyList<Parameter> parameters);

    /// <summary>-ln p(x|z) of each pixel, [channels, height, width].</summary>
    /// <param name="parameters">See <see cref="Parameters"/>.</param>
    /// <param name="x">[channels, height, width].</param>
    public abstract Value Loss(IReadOnlyList<Parameter> parameters, Value x);
}

/// <summary>Of a distribution.</summary>
/// <param name="Name">As a decoder's output has it.</param>
/// <param name="Meaning">For people.</param>
/// <param name="Value">For every pixel and channel, or one for all.</param>
internal sealed record Parameter(string Name, string Meaning, Value Value);
