using GpuVae.Kernels;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>(beta − 1)·TC: what beta-TCVAE's loss has beyond the bound.</summary>
internal sealed class TotalCorrelationTerm
{
    private readonly PlannedTensor encoded, codes, joint, marginal, klWeight;
    private readonly float scale;

    public TotalCorrelationTerm(
        VaeOptions options, LayerContext context, PlannedTensor encoded, PlannedTensor codes, PlannedTensor klWeight, int imageCount)
    {
        (this.encoded, this.codes, this.klWeight) = (encoded, codes, klWeight);
        int batch = codes.Rows, latent = codes.Columns;
        scale = (float)((options.Beta - 1) / batch);
        PlannedTensor ofBatch = joint = context.Builder.Tensor("shares of images", batch, batch);
        PlannedTensor ofUnits = marginal = context.Builder.Tensor("densities of units", batch, latent);
        PlannedTensor estimate = context.Builder.Tensor("total correlation", batch, 1);
        TotalCorrelation kernel = context.Kernels.TotalCorrelation;
        context.Builder.Add(
            "total correlation", 60.0 * batch * codes.Length, 4.0 * (encoded.Length + 2 * codes.Length + ofBatch.Length),
            [encoded, codes, ofBatch, ofUnits, estimate],
            stream => kernel.Forward(
                stream, encoded.View, codes.View, ofBatch.View, ofUnits.View, estimate.View, latent, imageCount));
    }

    /// <summary>Appends the addition of the gradient to that of the codes, or to that of the encoder's output.</summary>
    public void Backward(LayerContext context, PlannedTensor gradient, bool ofMoments)
    {
        TotalCorrelation kernel = context.Kernels.TotalCorrelation;
        PlannedTensor moments = encoded, z = codes, ofBatch = joint, ofUnits = marginal, weight = klWeight;
        float factor = scale;
        context.Builder.Add(
            $"total correlation backward ({(ofMoments ? "moments" : "codes")})", 40.0 * z.Rows * z.Length,
            4.0 * (moments.Length + 2 * z.Length + ofBatch.Length + 2 * gradient.Length), [moments, z, ofBatch, ofUnits, weight, gradient],
            stream => kernel.Backward(
                stream, moments.View, z.View, ofBatch.View, ofUnits.View, weight.View, gradient.View, factor, z.Columns, ofMoments));
    }
}
