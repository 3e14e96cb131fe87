using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// What lies between encoder and decoder in a loss: the codes and the term that holds q(z|x) against p(z), with the way back.
/// </summary>
internal abstract class LatentTerm
{
    /// <summary>What the decoder goes on with: z, [images·k, L], or what its first layers have made of z already.</summary>
    public abstract PlannedTensor DecoderInput { get; }

    /// <summary>Layers of the decoder that are appended before <see cref="DecoderInput"/>.</summary>
    public virtual int DecoderLayersDone => 0;

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
    /// <param name="dz">∂loss/∂<see cref="DecoderInput"/> of the reconstruction; changed.</param>
    /// <param name="imageCount">Images of the training set.</param>
    /// <returns>∂loss/∂(encoder's output).</returns>
    public abstract PlannedTensor Backward(LayerContext context, PlannedTensor dz, int imageCount);
}
