using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Scheduling;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Latent;

/// <summary>The density of codes under p(z).</summary>
internal abstract class PriorDensity
{
    public static PriorDensity Create(VaeOptions options) => options.Prior switch
    {
        Prior.Normal => new NormalPriorDensity(options.Latent),
        Prior.Mixture => new MixturePriorDensity(options.PriorComponents, options.Latent),
        Prior.Vamp when options.Posterior == Posterior.Full => new CovarianceVampPriorDensity(options),
        Prior.Vamp => new VampPriorDensity(options),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Prior, "no such prior"),
    };

    /// <summary>In PyTorch's layouts.</summary>
    public virtual IEnumerable<(string Name, int[] Shape)> ParameterShapes => [];

    /// <summary>
    /// Looks the parameters up in the store that was made from <see cref="ParameterShapes"/> and gives them initial values.
    /// </summary>
    public virtual void Attach(ParameterStore store, ulong seed)
    {
    }

    /// <summary>
    /// Appends what the encoder is given: the images [batch, pixels] and, where the prior has some, pseudo-inputs after them; with the
    /// labels of both, [rows, 1], for a conditional model.
    /// </summary>
    public virtual (PlannedTensor Rows, PlannedTensor? Labels) EncoderInput(LayerContext context, PlannedTensor images) =>
        (images, context.Labels);

    /// <summary>
    /// What the encoder gives for the pseudo-inputs alone, [their number, its columns], in memory that is the caller's; null where there
    /// are none.
    /// </summary>
    public virtual MemoryBuffer1D<float, Stride1D.Dense>? EncodePseudoInputs(Vae model) => null;

    /// <summary>Appends the density of codes.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="z">[rows, L].</param>
    /// <param name="encoded">The encoder's output for <see cref="EncoderInput"/>, or for the pseudo-inputs alone.</param>
    public abstract PriorPass Forward(LayerContext context, PlannedTensor z, PlannedTensor encoded);

    /// <summary>
    /// Appends the gradients that go to the encoder's input rather than to its parameters.
    /// </summary>
    /// <param name="context">With the gradients.</param>
    /// <param name="input">What <see cref="EncoderInput"/> gave.</param>
    /// <param name="dInput">Its gradient; null where <see cref="WantsInputGradient"/> is false.</param>
    public virtual void InputBackward(LayerContext context, PlannedTensor input, PlannedTensor? dInput)
    {
    }

    /// <summary>Whether parts of the encoder's input are learned.</summary>
    public virtual bool WantsInputGradient => false;

    /// <summary>
    /// Turns standard normal numbers [count, L] into codes of the prior, in place; code i depends on the seed and i alone.
    /// </summary>
    public virtual void Sample(Vae model, float[] codes, ulong seed)
    {
    }
}

/// <summary>Densities of a batch and the way back.</summary>
/// <param name="Density">log p(z), [rows, 1], nats.</param>
/// <param name="Backward">See <see cref="PriorBackward"/>.</param>
internal sealed record PriorPass(PlannedTensor Density, PriorBackward Backward);

/// <summary>
/// Appends the gradients of −log p, weighted: adds to dz and, where the context holds gradients, overwrites those of the prior's
/// parameters.
/// </summary>
/// <param name="context">Where to.</param>
/// <param name="weights">Of the rows.</param>
/// <param name="dz">[rows, L], changed.</param>
/// <param name="dEncoded">Written in the rows of pseudo-inputs; null where the context holds no gradients.</param>
internal delegate void PriorBackward(LayerContext context, SampleWeights weights, PlannedTensor dz, PlannedTensor? dEncoded);
