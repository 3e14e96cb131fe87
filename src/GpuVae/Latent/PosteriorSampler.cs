using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// Draws codes from q(z|x), which the encoder's output describes, and tells their densities. Rows belong to images one after the other, k
/// to each.
/// </summary>
internal abstract class PosteriorSampler
{
    /// <param name="options">Of the model.</param>
    /// <param name="decoder">Its decoder, whose way down a hierarchy the posterior shares, where there is one.</param>
    public static PosteriorSampler Create(VaeOptions options, Network? decoder = null) => options.Posterior switch
    {
        _ when options.Objective == Objective.Rae => new DeterministicSampler(),
        _ when decoder?.Layers[0] is TopDown hierarchy => new HierarchySampler(hierarchy),
        Posterior.Diagonal => new DiagonalSampler(options.Latent),
        Posterior.Full => new CovarianceSampler(options.Latent),
        Posterior.Flow => new FlowSampler(options.Latent, options.FlowWidth, VaeOptions.FlowSteps),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Posterior, "no such posterior"),
    };

    /// <summary>In PyTorch's layouts.</summary>
    public virtual IEnumerable<(string Name, int[] Shape)> ParameterShapes => [];

    /// <summary>
    /// Looks the parameters up in the store that was made from <see cref="ParameterShapes"/>, filled with initial values.
    /// </summary>
    public virtual void Attach(ParameterStore store)
    {
    }

    /// <summary>
    /// Appends the code that stands for an image without noise; its L columns are the first of what is given back, [rows, L or more].
    /// </summary>
    public virtual PlannedTensor Center(LayerContext context, PlannedTensor encoded) => encoded;

    /// <summary>Appends the drawing of codes.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="encoded">The encoder's output, [images or more, columns].</param>
    /// <param name="noise">Standard normal, [images·k, L].</param>
    /// <param name="samples">k.</param>
    public abstract PosteriorPass Forward(LayerContext context, PlannedTensor encoded, PlannedTensor noise, int samples);
}

/// <summary>Codes of a batch and the way back to the encoder's output.</summary>
/// <param name="Codes">z, [rows, L].</param>
/// <param name="Density">log q(z|x), [rows, 1], nats.</param>
/// <param name="Backward">See <see cref="PosteriorBackward"/>.</param>
internal sealed record PosteriorPass(PlannedTensor Codes, PlannedTensor Density, PosteriorBackward Backward);

/// <summary>Appends the gradient of the encoder's output and those of the sampler's own parameters.</summary>
/// <param name="context">With the gradients.</param>
/// <param name="dz">∂loss/∂z without what log q owes to it, [rows, L]; changed.</param>
/// <param name="weights">Of the rows.</param>
/// <param name="gradient">How the gradient reaches the encoder.</param>
/// <param name="dEncoded">Written in the rows of the images.</param>
internal delegate void PosteriorBackward(
    LayerContext context, PlannedTensor dz, SampleWeights weights, PathGradient gradient, PlannedTensor dEncoded);
