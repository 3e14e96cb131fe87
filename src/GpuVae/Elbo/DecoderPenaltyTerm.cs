using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Training;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Elbo;

/// <summary>
/// The gradient of what keeps the decoder of a regularised autoencoder smooth; see <see cref="DecoderPenalty"/>. It is no part of the loss
/// that is logged, as weight decay is none.
/// </summary>
internal sealed class DecoderPenaltyTerm
{
    // So small that the decoder is straight between both sides, so large that their difference is more than rounding, codes being of
    // about unit size.
    private const float Epsilon = 0.02f;

    private readonly VaeOptions options;
    private readonly long first, length;

    // Of the Jacobian: the gradients that the way back left in the decoder's slice, and those of both sides' codes.
    private readonly PlannedTensor? kept, dPairs;

    /// <summary>
    /// Appends the passes through the decoder that are the penalty's own; before the way back, which overwrites gradients.
    /// </summary>
    /// <param name="parts">Of the model.</param>
    /// <param name="context">With the gradients.</param>
    /// <param name="codes">[images, L].</param>
    /// <param name="source">Of what is random.</param>
    public DecoderPenaltyTerm(VaeParts parts, LayerContext context, PlannedTensor codes, NoiseSource source)
    {
        options = parts.Options;
        first = ParameterStore.LengthOf(parts.Encoder.ParameterShapes);
        length = ParameterStore.LengthOf(parts.Decoder.ParameterShapes);
        if (options.DecoderPenalty != DecoderPenalty.Jacobian)
            return;
        context.Builder.Prefix = "penalty: ";
        JacobianPenalty kernel = context.Kernels.JacobianPenalty;
        int images = codes.Rows, latent = codes.Columns;
        float factor = (float)(options.DecoderPenaltyWeight / (2.0 * Epsilon * Epsilon * images));
        PlannedTensor pairs = context.Builder.Tensor("codes beside", 2 * images, latent);
        context.Builder.Add(
            "codes beside", 40.0 * codes.Length, 12.0 * codes.Length, [codes, pairs],
            stream => kernel.Probe(stream, codes.View, pairs.View, source.Seed, source.Step, Epsilon, latent));
        LayerPass pass = parts.Decoder.Forward(context, LayerOutput.Of(pairs));
        PlannedTensor outputs = pass.Output.Value;
        context.Builder.Add(
            "differences", 2.0 * outputs.Length, 8.0 * outputs.Length, [outputs],
            stream => kernel.Differentiate(stream, outputs.View, factor, outputs.Columns));
        dPairs = pass.Backward(context, outputs, wantsInput: true)!;
        PlannedTensor copy = kept = context.Builder.Tensor("gradients of the penalty", 1, checked((int)length));
        ArrayView<float> gradients = context.Gradients.SubView(first, length);
        context.Builder.Add(
            "keep gradients", 0, 8.0 * length, [copy], stream => gradients.CopyTo(stream, copy.View));
        context.Builder.Prefix = "";
    }

    /// <summary>Appends the addition to the gradients of the decoder's weights and of the codes, after the decoder's way back.</summary>
    public void Add(LayerContext context, PlannedTensor dz)
    {
        ArrayView<float> gradients = context.Gradients.SubView(first, length);
        GradientSum sum = context.Kernels.GradientSum;
        if (kept is not { } ofPenalty || dPairs is not { } ofPairs)
        {
            ArrayView<float> weights = context.Values.SubView(first, length);
            float twice = (float)(2 * options.DecoderPenaltyWeight);
            context.Builder.Add(
                "penalty of weights", 2.0 * length, 12.0 * length, [], stream => sum.Add(stream, weights, gradients, twice));
            return;
        }
        JacobianPenalty kernel = context.Kernels.JacobianPenalty;
        context.Builder.Add("penalty of the Jacobian", 2.0 * length, 12.0 * length, [ofPenalty, ofPairs, dz], stream =>
        {
            sum.Add(stream, ofPenalty.View, gradients, 1);
            kernel.Fold(stream, ofPairs.View, dz.View, dz.Columns);
        });
    }
}
