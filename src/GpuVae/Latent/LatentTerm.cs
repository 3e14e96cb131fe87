using GpuVae.Elbo;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// What lies between encoder and decoder in a loss: the codes and the term that holds q(z|x) against p(z), with the way back.
/// </summary>
internal abstract class LatentTerm
{
    /// <summary>z, [images·k, L].</summary>
    public abstract PlannedTensor Codes { get; }

    /// <summary>What is logged of the reconstruction, nats; its elements add up to the batch's.</summary>
    public abstract PlannedTensor Reconstruction { get; }

    /// <summary>What is logged of the divergence, nats; its elements add up to the batch's.</summary>
    public abstract PlannedTensor Kl { get; }

    /// <summary>Appends what is left to do once the decoder has been appended.</summary>
    public abstract void Close(LayerContext context, ReconstructionTerm reconstruction);

    /// <summary>Appends the way back through the decoder and on to the encoder's output.</summary>
    /// <param name="context">With the gradients.</param>
    /// <param name="decoder">The way back through the decoder.</param>
    /// <param name="imageCount">Images of the training set.</param>
    /// <returns>∂loss/∂(encoder's output).</returns>
    public abstract PlannedTensor Backward(LayerContext context, DecoderPass decoder, int imageCount);
}
