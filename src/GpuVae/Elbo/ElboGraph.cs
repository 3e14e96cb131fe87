using GpuVae.Kernels.Common;
using GpuVae.Kernels.Training;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Elbo;

/// <summary>
/// The way of a batch from the images to the two terms of its loss, and back to the gradient of every parameter, as steps of a schedule.
/// </summary>
internal sealed class ElboGraph
{
    // What the adversarial loss may at most be worth, in nats per value of an image. Trainings that go well have 0.1 to 0.5; a discriminator
    // that tells nothing has gradients of next to nothing, and to make them as long as the reconstruction's throws the model back.
    private const float MostPerPixel = 1;

    private readonly PriorDensity prior;
    private readonly PlannedTensor encoderInput;
    private readonly LayerPass encoder;
    private readonly LatentTerm latent;
    private readonly QuantizedTerm? quantized;
    private readonly DecoderPass decoder;
    private readonly VaeParts parts;
    private readonly NoiseSource noise;

    /// <summary>Appends the forward steps; the loss step also writes the gradient of the decoder's output.</summary>
    /// <param name="parts">Of the model.</param>
    /// <param name="context">Where to; with gradients if <see cref="AppendBackward"/> is to follow.</param>
    /// <param name="images">[batch, pixels] in [0, 1].</param>
    /// <param name="noise">Where the noise comes from.</param>
    /// <param name="klWeight">One element on the device: the weight of the KL term, or the capacity that it is drawn to.</param>
    /// <param name="samples">Samples per image.</param>
    /// <param name="wantsImages">Whether <see cref="Images"/> are wanted.</param>
    public ElboGraph(
        VaeParts parts, LayerContext context, PlannedTensor images, NoiseSource noise, ArrayView<float> klWeight, int samples,
        bool wantsImages = false)
    {
        VaeOptions options = parts.Options;
        (this.parts, this.noise) = (parts, noise);
        prior = parts.Prior;
        (encoderInput, PlannedTensor? labels) = prior.EncoderInput(context, images);
        encoder = parts.Encoder.Forward(context with { Labels = labels }, LayerOutput.Of(encoderInput));
        PlannedTensor encoded = encoder.Output.Value, weight = ScheduleBuilder.Fixed("KL weight", klWeight);
        bool isTrainedBySamples = context.WantsParameterGradients && options.Objective == Objective.Iwae;
        quantized = parts.Codes is { } grids ? new QuantizedTerm(grids, context, encoder.Output) : null;
        latent = quantized is not null ? quantized
            : options.Objective == Objective.Rae ? new CodeNormTerm(context, encoded, weight)
            : parts.Posterior is HierarchySampler hierarchy && samples == 1
                ? new HierarchyTerm(options, hierarchy, context, encoded, noise, weight)
            : options.HasAnalyticKl && samples == 1 && !isTrainedBySamples
                ? new AnalyticKl(options, context, encoded, noise, weight)
            : new MonteCarloKl(options, parts.Posterior, prior, context, encoded, images.Rows, noise, weight, samples);
        decoder = new DecoderPass(
            parts.Likelihood, context, latent.DecoderInput, images, latent.DecoderLayersDone, wantsImages);
        Reconstruction = latent.Close(context, decoder.Term.Term);
    }

    /// <summary>
    /// The reconstruction term in nats; its elements add up to the batch's. With several samples it is weighted by their importance.
    /// </summary>
    public PlannedTensor Reconstruction { get; }

    /// <summary>
    /// The KL term, or log q(z|x) − log p(z), in nats; its elements add up to the batch's. With several samples both terms add up to the
    /// importance-weighted bound (see the kernel's ImportanceWeights.cs).
    /// </summary>
    public PlannedTensor Kl => latent.Kl;

    /// <summary>The KL terms of the levels of a hierarchy, [levels, batch], which <see cref="Kl"/> is; null where there is none.</summary>
    public PlannedTensor? LevelKl => latent is HierarchyTerm ? latent.Kl : null;

    /// <summary>The numbers of the codes of each grid, [batch, places], the top one first; null where codes are not discrete.</summary>
    public IReadOnlyList<PlannedTensor>? CodeIndices => quantized?.Indices;

    /// <summary>The means of p(x|z), [batch, pixels], planar; null unless they were asked for.</summary>
    public PlannedTensor? Images => decoder.Term.Images?.Means;

    /// <summary>
    /// Adds a further term of the loss, by its gradient at the <see cref="Images"/>, to the gradient of the reconstruction term, before
    /// <see cref="AppendOtherLoss"/> and <see cref="AppendBackward"/>.
    /// </summary>
    /// <param name="context">With the gradients.</param>
    /// <param name="dImages">The term's gradient, averaged over the batch, [batch, pixels].</param>
    public void AppendTerm(LayerContext context, PlannedTensor dImages)
    {
        PlannedTensor sum = decoder.Term.Gradient, other = decoder.Term.Images!.Backward(context, dImages);
        Sums.Append(context, "sum of gradients of the decoder's output", other, sum);
    }

    /// <summary>
    /// Adds what another loss pulls the <see cref="Images"/> by to the gradient of the reconstruction term, before
    /// <see cref="AppendBackward"/>.
    /// </summary>
    /// <param name="context">With the gradients.</param>
    /// <param name="dImages">The loss's gradient, [batch, pixels].</param>
    /// <param name="weight">How hard, as a share of how hard the reconstruction term pulls.</param>
    /// <param name="step">One element on the device: the other loss's step under way, counted from 0.</param>
    /// <param name="rise">Steps over which the weight rises.</param>
    /// <returns>One element: what its gradient was multiplied by.</returns>
    public PlannedTensor AppendOtherLoss(
        LayerContext context, PlannedTensor dImages, double weight, ArrayView<long> step, double rise)
    {
        ReconstructionTerm term = decoder.Term;
        PlannedTensor other = term.Images!.Backward(context, dImages);
        PlannedTensor norms = context.Builder.Tensor("gradient norms of the last layer", 1, 2);
        PlannedTensor used = context.Builder.Tensor("adaptive weight", 1, 1);
        // The way back proper overwrites these gradients later.
        ArrayView<float> ofLast = ((WeightedLayer)parts.Likelihood.Decoder.Layers[^1]).Weight(context.Gradients);
        Reduce reduce = context.Kernels.Reduce;
        foreach ((PlannedTensor gradient, int entry) in new[] { (term.Gradient, 0), (other, 1) })
        {
            term.Backward(context, gradient, wantsInput: false);
            context.Builder.Add(
                "gradient norm of the last layer", 2.0 * ofLast.Length, 4.0 * ofLast.Length, [norms],
                stream => reduce.SumOfSquares(stream, ofLast, norms.View.SubView(entry, 1)));
        }
        AdaptiveWeight kernel = context.Kernels.AdaptiveWeight;
        PlannedTensor sum = term.Gradient;
        float share = (float)weight, steps = (float)rise, most = MostPerPixel * dImages.Columns;
        context.Builder.Add(
            "adversarial gradient", 2.0 * sum.Length, 12.0 * sum.Length, [other, norms, used, sum],
            stream => kernel.Add(stream, other.View, norms.View, step, share, steps, most, used.View, sum.View));
        return used;
    }

    /// <summary>Appends the backward steps: every slice of the context's gradients is overwritten.</summary>
    /// <param name="context">With the gradients.</param>
    /// <param name="imageCount">Images of the training set.</param>
    public void AppendBackward(LayerContext context, int imageCount)
    {
        DecoderPenaltyTerm? penalty =
            latent is CodeNormTerm ? new DecoderPenaltyTerm(parts, context, latent.DecoderInput, noise) : null;
        latent.Weigh(context, decoder.Term.Gradient);
        if (decoder.Term.SharedGradient is { } shared)
            latent.Weigh(context, shared);
        PlannedTensor dEncoded = latent is AnalyticKl { IsEpilogue: true } analytic && decoder.Fusible is { } first
            ? analytic.BackwardThrough(context, first, decoder.BackwardToFirst(context))
            : latent.Backward(context, OfCodes(), imageCount);
        PlannedTensor? dInput = encoder.Backward(context, dEncoded, prior.WantsInputGradient);
        prior.InputBackward(context, encoderInput, dInput);

        PlannedTensor OfCodes()
        {
            PlannedTensor dz = decoder.Backward(context);
            penalty?.Add(context, dz);
            return dz;
        }
    }

    /// <summary>Appends what a training step changes beside the parameters that have gradients: codebooks, where there are any.</summary>
    /// <param name="context">As before.</param>
    /// <param name="step">One element on the device.</param>
    /// <param name="seed">Of what is random in it.</param>
    public void AppendUpdates(LayerContext context, ArrayView<long> step, ulong seed) => quantized?.AppendUpdate(context, step, seed);
}
