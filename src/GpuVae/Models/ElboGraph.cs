using GpuVae.Devices;
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
    private readonly ScheduleBuilder builder;
    private readonly LayerOutput[] encoderInputs, decoderInputs;
    private readonly PlannedTensor encoded, noise, dDecoded;

    /// <summary>Appends the forward steps; the loss step also writes the gradient of the decoder's output.</summary>
    /// <param name="model">The model.</param>
    /// <param name="builder">The schedule of one batch size.</param>
    /// <param name="images">[batch, pixels] in [0, 1].</param>
    /// <param name="seed">Seed of the noise.</param>
    /// <param name="purpose">What the noise is for.</param>
    /// <param name="step">One element on the device: the counter of the noise.</param>
    public ElboGraph(Vae model, ScheduleBuilder builder, PlannedTensor images, ulong seed, RandomPurpose purpose, ArrayView<long> step)
    {
        (this.model, this.builder) = (model, builder);
        KernelSet kernels = model.Device.Kernels;
        int batch = builder.Batch, latent = model.Options.Latent;

        encoderInputs = new LayerOutput[model.Encoder.Count];
        encoded = Forward(model.Encoder, encoderInputs, images).Value;

        PlannedTensor z = builder.Tensor("latent", latent);
        noise = builder.Tensor("noise", latent);
        Kl = builder.Tensor("KL term", 1);
        Reparameterize reparameterize = kernels.Reparameterize;
        PlannedTensor input = encoded, kl = Kl, eps = noise;
        builder.Add(
            "reparameterise + KL", 20.0 * batch * latent, 4.0 * batch * (4 * latent + 1), [input, eps, z, kl],
            stream => reparameterize.Forward(stream, input.View, seed, purpose, step, eps.View, z.View, kl.View, latent));

        decoderInputs = new LayerOutput[model.Decoder.Count];
        (Reconstruction, dDecoded) = ForwardLoss(z, images);
    }

    /// <summary>In nats; its elements add up to the batch's.</summary>
    public PlannedTensor Reconstruction { get; }

    /// <summary>[batch], nats per image.</summary>
    public PlannedTensor Kl { get; }

    /// <summary>Appends the backward steps: every slice of <paramref name="gradients"/> is overwritten.</summary>
    /// <param name="gradients">Laid out like the model's parameters.</param>
    /// <param name="klWeight">One element on the device.</param>
    public void AppendBackward(ArrayView<float> gradients, ArrayView<float> klWeight)
    {
        PlannedTensor dHidden = Backward(model.Decoder, decoderInputs, dDecoded, gradients, firstLayer: 1);
        PlannedTensor dEncoded = model.Decoder[0].LatentBackward(
            builder, model.Device.Kernels, model.Parameters.Values, gradients, decoderInputs[0].Value, dHidden, encoded, noise, klWeight);
        Backward(model.Encoder, encoderInputs, dEncoded, gradients, firstLayer: 0);
    }

    /// <summary>Appends the layers, of which there are as many as inputs to keep.</summary>
    private LayerOutput Forward(IReadOnlyList<Linear> layers, Span<LayerOutput> inputs, PlannedTensor x)
    {
        LayerOutput current = LayerOutput.Of(x);
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = current;
            current = layers[i].Forward(builder, model.Device.Kernels, model.Parameters.Values, current.Value);
        }
        return current;
    }

    /// <summary>
    /// Appends the gradients of the layers from the last down to <paramref name="firstLayer"/>; gives the gradient at the pre-activation
    /// before that one.
    /// </summary>
    private PlannedTensor Backward(
        IReadOnlyList<Linear> layers, LayerOutput[] inputs, PlannedTensor dy, ArrayView<float> gradients, int firstLayer)
    {
        for (int i = layers.Count - 1; i >= firstLayer; i--)
            dy = layers[i].Backward(builder, model.Device.Kernels, model.Parameters.Values, gradients, inputs[i], dy) ?? dy;
        return dy;
    }

    /// <summary>
    /// Appends the decoder and the reconstruction term; gives the term, in parts, and its gradient at the decoder's output.
    /// </summary>
    private (PlannedTensor Reconstruction, PlannedTensor Gradient) ForwardLoss(PlannedTensor z, PlannedTensor images)
    {
        KernelSet kernels = model.Device.Kernels;
        ArrayView<float> values = model.Parameters.Values;
        if (model.Options.Likelihood == Likelihood.GaussianLearned)
            return LearnedVarianceLoss(Forward(model.Decoder, decoderInputs, z).Value, images);
        LayerOutput hidden = Forward(model.Decoder, decoderInputs.AsSpan(..^1), z);
        decoderInputs[^1] = hidden;
        return model.Options.Likelihood switch
        {
            Likelihood.Bernoulli =>
                model.Decoder[^1].ForwardLoss(builder, kernels.BernoulliLoss, default, values, hidden.Value, images),
            Likelihood.Gaussian =>
                model.Decoder[^1].ForwardLoss(
                    builder, kernels.GaussianLoss, new GaussianLikelihood((float)model.Options.Variance), values, hidden.Value, images),
            _ => throw new InvalidOperationException($"no loss for {model.Options.Likelihood}"),
        };
    }

    /// <summary>
    /// A step of its own: mean and log-variance of a pixel come out of different columns. The gradient overwrites the decoder's output.
    /// </summary>
    private (PlannedTensor Reconstruction, PlannedTensor Gradient) LearnedVarianceLoss(PlannedTensor decoded, PlannedTensor images)
    {
        ElboLoss loss = model.Device.Kernels.ElboLoss;
        PlannedTensor reconstruction = builder.Tensor("reconstruction term", 1);
        int batch = builder.Batch, pixels = model.Options.Shape.Pixels;
        float scale = 1f / batch;
        builder.Add(
            "Gaussian loss + gradient", 20.0 * batch * pixels, 4.0 * batch * (2 * decoded.Columns + pixels + 1),
            [decoded, images, reconstruction],
            stream => loss.GaussianPixelVariance(stream, decoded.View, images.View, decoded.View, reconstruction.View, scale, pixels));
        return (reconstruction, decoded);
    }
}
