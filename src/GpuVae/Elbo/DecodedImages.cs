using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Elbo;

/// <summary>The means of p(x|z) on the way of a training step, with the way back to the decoder's output.</summary>
internal sealed class DecodedImages
{
    private readonly ImageLikelihood likelihood;

    // The loss puts its gradient in the place of the decoder's output.
    private readonly PlannedTensor kept;

    /// <param name="likelihood">Whose means.</param>
    /// <param name="context">Where to.</param>
    /// <param name="decoded">The decoder's output, [batch, columns].</param>
    /// <param name="pixels">Of an image.</param>
    public DecodedImages(ImageLikelihood likelihood, LayerContext context, PlannedTensor decoded, int pixels)
    {
        this.likelihood = likelihood;
        PlannedTensor copy = kept = context.Builder.Tensor("decoder output, kept", decoded.Rows, decoded.Columns);
        PlannedTensor means = Means = context.Builder.Tensor("decoded images", decoded.Rows, pixels);
        ArrayView<float> shared = likelihood.SharedIn(context.Values);
        context.Builder.Add(
            "decoded images", 20.0 * decoded.Length, 4.0 * (3 * decoded.Length + means.Length), [decoded, copy, means],
            stream =>
            {
                decoded.View.CopyTo(stream, copy.View);
                likelihood.Kernels.Means(stream, copy.View, shared, means.View, likelihood.Layout);
            });
    }

    /// <summary>[batch, pixels], planar.</summary>
    public PlannedTensor Means { get; }

    /// <summary>Appends the way back from ∂loss/∂means; gives ∂loss/∂(decoder's output).</summary>
    public PlannedTensor Backward(LayerContext context, PlannedTensor dMeans)
    {
        ArrayView<float> shared = likelihood.SharedIn(context.Values);
        PlannedTensor dDecoded = context.Builder.Tensor("gradient by decoded images", kept.Rows, kept.Columns);
        context.Builder.Add(
            "decoded images backward", 20.0 * kept.Length, 4.0 * (4 * kept.Length + dMeans.Length), [kept, dMeans, dDecoded],
            stream =>
            {
                kept.View.CopyTo(stream, dDecoded.View);
                likelihood.Kernels.DifferentiateMeans(stream, dDecoded.View, shared, dMeans.View, likelihood.Layout);
            });
        return dDecoded;
    }
}
