using GpuVae.Kernels;
using GpuVae.Layers;
using GpuVae.Scheduling;
using ILGPU;

namespace GpuVae.Models;

/// <summary>
/// The way of a batch from the images to the two terms of its loss, and back to the gradient of every parameter, as steps of a schedule.
/// </summary>
internal sealed class ElboGraph
{
    private readonly Vae model;
    private readonly LayerPass encoder;

    // The decoder between its first layer and its last; null where it has one layer only.
    private readonly LayerPass? hidden;

    private readonly ReconstructionTerm reconstruction;
    private readonly PlannedTensor noise, z;

    /// <summary>Appends the forward steps; the loss step also writes the gradient of the decoder's output.</summary>
    /// <param name="model">The model.</param>
    /// <param name="context">Where to.</param>
    /// <param name="images">[batch, pixels] in [0, 1].</param>
    /// <param name="seed">Seed of the noise.</param>
    /// <param name="purpose">What the noise is for.</param>
    /// <param name="step">One element on the device: the counter of the noise.</param>
    public ElboGraph(Vae model, LayerContext context, PlannedTensor images, ulong seed, RandomPurpose purpose, ArrayView<long> step)
    {
        this.model = model;
        int batch = images.Rows, latent = model.Options.Latent;
        encoder = model.Encoder.Forward(context, LayerOutput.Of(images));

        z = context.Builder.Tensor("latent", batch, latent);
        noise = context.Builder.Tensor("noise", batch, latent);
        Kl = context.Builder.Tensor("KL term", batch, 1);
        Reparameterize reparameterize = context.Kernels.Reparameterize;
        PlannedTensor input = encoder.Output.Value, kl = Kl, eps = noise, code = z;
        context.Builder.Add(
            "reparameterise + KL", 20.0 * batch * latent, 4.0 * batch * (4 * latent + 1), [input, eps, code, kl],
            stream => reparameterize.Forward(stream, input.View, seed, purpose, step, eps.View, code.View, kl.View, latent));

        int last = model.Decoder.Layers.Count - 1;
        if (last > 0)
            hidden = model.Decoder.Forward(context, model.Decoder.Layers[0].Forward(context, LayerOutput.Of(z)).Output, 1, last);
        reconstruction = ReconstructionTerm.Append(model, context, hidden?.Output ?? LayerOutput.Of(z), images);
    }

    /// <summary>In nats; its elements add up to the batch's.</summary>
    public PlannedTensor Reconstruction => reconstruction.Term;

    /// <summary>[batch], nats per image.</summary>
    public PlannedTensor Kl { get; }

    /// <summary>Appends the backward steps: every slice of the context's gradients is overwritten.</summary>
    /// <param name="context">With the gradients.</param>
    /// <param name="klWeight">One element on the device.</param>
    public void AppendBackward(LayerContext context, ArrayView<float> klWeight)
    {
        PlannedTensor dEncoded = DecoderBackward(context, klWeight);
        encoder.Backward(context, dEncoded, wantsInput: false);
    }

    /// <summary>The decoder's first layer has the gradient of the latent layer in its epilogue.</summary>
    private PlannedTensor DecoderBackward(LayerContext context, ArrayView<float> klWeight)
    {
        IReadOnlyList<Layer> layers = model.Decoder.Layers;
        PlannedTensor dy = reconstruction.Gradient;
        if (hidden is not null)
            dy = hidden.Backward(context, reconstruction.Backward(context, dy, wantsInput: true)!, wantsInput: true)!;
        return ((Linear)layers[0]).LatentBackward(context, z, dy, encoder.Output.Value, noise, klWeight);
    }
}
