using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Scheduling;
using ILGPU;

namespace GpuVae.Elbo;

/// <summary>
/// The way of a batch from the images to the two terms of its loss, and back to the gradient of every parameter, as steps of a schedule.
/// </summary>
internal sealed class ElboGraph
{
    private readonly Vae model;
    private readonly PlannedTensor encoderInput;
    private readonly LayerPass encoder;
    private readonly LatentTerm latent;
    private readonly DecoderPass decoder;

    /// <summary>Appends the forward steps; the loss step also writes the gradient of the decoder's output.</summary>
    /// <param name="model">The model.</param>
    /// <param name="context">Where to; with gradients if <see cref="AppendBackward"/> is to follow.</param>
    /// <param name="images">[batch, pixels] in [0, 1].</param>
    /// <param name="noise">Where the noise comes from.</param>
    /// <param name="klWeight">One element on the device: the weight of the KL term, or the capacity that it is drawn to.</param>
    /// <param name="samples">Samples per image.</param>
    public ElboGraph(
        Vae model, LayerContext context, PlannedTensor images, NoiseSource noise, ArrayView<float> klWeight, int samples)
    {
        this.model = model;
        (encoderInput, PlannedTensor? labels) = model.Prior.EncoderInput(context, images);
        encoder = model.Encoder.Forward(context with { Labels = labels }, LayerOutput.Of(encoderInput));
        PlannedTensor encoded = encoder.Output.Value, weight = ScheduleBuilder.Fixed("KL weight", klWeight);
        bool isTrainedBySamples = context.WantsParameterGradients && model.Options.Objective == Objective.Iwae;
        latent = model.Options.HasClosedKl && samples == 1 && !isTrainedBySamples
            ? new ClosedKl(model.Options, context, encoded, noise, weight)
            : new SampledKl(model, context, encoded, images.Rows, noise, weight, samples);
        decoder = new DecoderPass(model, context, latent.Codes, images);
        latent.Close(context, decoder.Term);
    }

    /// <summary>
    /// The reconstruction term in nats; its elements add up to the batch's. With several samples it is weighted by their importance.
    /// </summary>
    public PlannedTensor Reconstruction => latent.Reconstruction;

    /// <summary>
    /// The KL term, or log q(z|x) − log p(z), in nats; its elements add up to the batch's. With several samples both terms add up to the
    /// importance-weighted bound (see the kernel's ImportanceWeights.cs).
    /// </summary>
    public PlannedTensor Kl => latent.Kl;

    /// <summary>Appends the backward steps: every slice of the context's gradients is overwritten.</summary>
    /// <param name="context">With the gradients.</param>
    /// <param name="imageCount">Images of the training set.</param>
    public void AppendBackward(LayerContext context, int imageCount)
    {
        PlannedTensor dEncoded = latent.Backward(context, decoder, imageCount);
        PlannedTensor? dInput = encoder.Backward(context, dEncoded, model.Prior.WantsInputGradient);
        model.Prior.InputBackward(context, encoderInput, dInput);
    }
}
