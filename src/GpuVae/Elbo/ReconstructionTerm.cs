using GpuVae.Kernels.Common;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Elbo;

/// <summary>
/// −ln p(x|z): the last layer of the decoder with the loss on what it gives. Where the likelihood has one parameter per pixel and the
/// layer is a product, the loss is the epilogue of that.
/// </summary>
/// <param name="Term">In nats; its elements add up to the batch's.</param>
/// <param name="Gradient">∂loss/∂(output of the last layer), averaged over the batch, [batch, outputs].</param>
/// <param name="SharedGradient">
/// ∂loss/∂(the number that all pixels share), averaged over the batch, in parts, [batch, 1]; null where there is none.
/// </param>
/// <param name="Backward">
/// The way back through the last layer, from <paramref name="Gradient"/>; also adds <paramref name="SharedGradient"/> up.
/// </param>
/// <param name="Images">The means of p(x|z), where they were asked for.</param>
internal sealed record ReconstructionTerm(
    PlannedTensor Term, PlannedTensor Gradient, PlannedTensor? SharedGradient, BackwardStep Backward, DecodedImages? Images = null)
{
    /// <summary>Appends the last layer and its loss.</summary>
    /// <param name="likelihood">With the decoder.</param>
    /// <param name="context">Where to.</param>
    /// <param name="input">What the layer is given, [batch, inputs].</param>
    /// <param name="images">[batch / k, pixels] in [0, 1]; row r of the batch belongs to image r / k.</param>
    /// <param name="wantsImages">Whether the means of p(x|z) are wanted, too.</param>
    public static ReconstructionTerm Append(
        ImageLikelihood likelihood, LayerContext context, LayerOutput input, PlannedTensor images, bool wantsImages)
    {
        Layer last = likelihood.Decoder.Layers[^1];
        if (last is Linear layer && likelihood.FusedLoss is { } fused && !wantsImages)
        {
            (PlannedTensor loss, PlannedTensor gradient) = layer.ForwardLoss(context, fused, input.Value, images);
            return new ReconstructionTerm(loss, gradient, null, (back, dy, wantsInput) => layer.Backward(back, input, dy, wantsInput));
        }
        return Append(likelihood, context, last.Forward(context, input), images, wantsImages);
    }

    /// <summary>A step of its own. The gradient overwrites the decoder's output.</summary>
    private static ReconstructionTerm Append(
        ImageLikelihood likelihood, LayerContext context, LayerPass decoder, PlannedTensor images, bool wantsImages)
    {
        PlannedTensor decoded = decoder.Output.Value;
        DecodedImages? ofDecoder = wantsImages ? new DecodedImages(likelihood, context, decoded, images.Columns) : null;
        int batch = decoded.Rows, samples = batch / images.Rows;
        PlannedTensor term = context.Builder.Tensor("reconstruction term", batch, 1);
        PlannedTensor? parts = likelihood.HasShared ? context.Builder.Tensor("shared parameter gradient", batch, 1) : null;
        ArrayView<float> shared = likelihood.SharedIn(context.Values);
        float scale = 1f / batch;
        context.Builder.Add(
            "loss + gradient", 20.0 * decoded.Length, 4.0 * (2 * decoded.Length + images.Length + batch),
            [decoded, images, term, .. parts is null ? Array.Empty<PlannedTensor>() : [parts]],
            stream => likelihood.Kernels.Differentiate(
                stream, decoded.View, images.View, shared, parts?.View ?? default, term.View, likelihood.Layout, samples, scale));
        return new ReconstructionTerm(term, decoded, parts, Backward, ofDecoder);

        PlannedTensor? Backward(LayerContext back, PlannedTensor dy, bool wantsInput)
        {
            if (parts is not null && back.WantsParameterGradients)
            {
                ArrayView<float> dShared = likelihood.SharedIn(back.Gradients);
                Reduce reduce = back.Kernels.Reduce;
                back.Builder.Add(
                    "shared parameter gradient", batch, 4.0 * batch, [parts],
                    stream => reduce.Sum(stream, parts.View, dShared));
            }
            return decoder.Backward(back, dy, wantsInput);
        }
    }
}
