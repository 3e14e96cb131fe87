using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// What lies between encoder and decoder in a loss: the codes and the term that holds q(z|x) against p(z), with the way back.
/// </summary>
internal abstract class LatentTerm
{
    /// <summary>z, [images·k, L].</summary>
    public abstract PlannedTensor Codes { get; }

    /// <summary>What is logged of the divergence, nats; its elements add up to the batch's.</summary>
    public abstract PlannedTensor Kl { get; }

    /// <summary>Appends what is left to do once the decoder has been appended.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="reconstruction">−log p(x|z), nats, in parts.</param>
    /// <returns>What is logged of it; its elements add up to the batch's.</returns>
    public abstract PlannedTensor Close(LayerContext context, PlannedTensor reconstruction);

    /// <summary>
    /// Appends the weighting of a gradient that is averaged over the samples, [images·k, columns], in place; before <see cref="Backward"/>.
    /// </summary>
    public virtual void Weigh(LayerContext context, PlannedTensor gradient)
    {
    }

    /// <summary>Appends the way back to the encoder's output.</summary>
    /// <param name="context">With the gradients.</param>
    /// <param name="dz">∂loss/∂z of the reconstruction, [images·k, L]; changed.</param>
    /// <param name="imageCount">Images of the training set.</param>
    /// <returns>∂loss/∂(encoder's output).</returns>
    public abstract PlannedTensor Backward(LayerContext context, PlannedTensor dz, int imageCount);
}
