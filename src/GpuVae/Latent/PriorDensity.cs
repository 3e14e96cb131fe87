using GpuVae.Layers;
using GpuVae.Options;
using GpuVae.Scheduling;

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

    /// <summary>Rows that <see cref="EncoderInput"/> adds to those of the images.</summary>
    public virtual int PseudoInputCount => 0;

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

    /// <summary>Appends the drawing of codes; row r depends on the seed and r alone.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="noise">Standard normal, [rows, L].</param>
    /// <param name="encoded">The encoder's output for the pseudo-inputs alone.</param>
    /// <param name="seed">Of all that is random beside the noise.</param>
    /// <returns>z, [rows, L].</returns>
    public abstract PlannedTensor Sample(LayerContext context, PlannedTensor noise, PlannedTensor encoded, ulong seed);
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
