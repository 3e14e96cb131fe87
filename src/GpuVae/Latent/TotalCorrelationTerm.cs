using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Options;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>(beta − 1)·TC: what beta-TCVAE's loss has beyond the bound.</summary>
internal sealed class TotalCorrelationTerm
{
    private readonly PlannedTensor encoded, codes, table, joint, marginal, klWeight;
    private readonly float scale;

    public TotalCorrelationTerm(
        VaeOptions options, LayerContext context, PlannedTensor encoded, PlannedTensor codes, PlannedTensor klWeight, int imageCount)
    {
        (this.encoded, this.codes, this.klWeight) = (encoded, codes, klWeight);
        int batch = codes.Rows, latent = codes.Columns;
        scale = (float)((options.Beta - 1) / batch);
        PlannedTensor ofImages = table = context.Builder.Tensor("posteriors of images", 1, TotalCorrelation.TableLength(batch, latent));
        PlannedTensor ofBatch = joint = context.Builder.Tensor("shares of images", batch, batch);
        PlannedTensor ofUnits = marginal = context.Builder.Tensor("densities of units", batch, latent);
        PlannedTensor estimate = context.Builder.Tensor("total correlation", batch, 1);
        TotalCorrelation kernel = context.Kernels.TotalCorrelation;
        context.Builder.Add(
            "total correlation", 60.0 * batch * codes.Length, 4.0 * (encoded.Length + 2 * codes.Length + ofBatch.Length),
            [encoded, codes, ofImages, ofBatch, ofUnits, estimate],
            stream => kernel.Forward(
                stream, encoded.View, codes.View, ofImages.View, ofBatch.View, ofUnits.View, estimate.View, latent, imageCount));
    }

    /// <summary>Appends the addition of the gradient to that of the codes.</summary>
    public void Backward(LayerContext context, PlannedTensor dz)
    {
        TotalCorrelation kernel = context.Kernels.TotalCorrelation;
        PlannedTensor z = codes, ofImages = table, ofBatch = joint, ofUnits = marginal, weight = klWeight;
        float factor = scale;
        context.Builder.Add(
            "total correlation backward", 40.0 * z.Rows * z.Length, 4.0 * (ofImages.Length + 4 * z.Length + ofBatch.Length),
            [z, ofImages, ofBatch, ofUnits, weight, dz],
            stream => kernel.Backward(
                stream, z.View, ofImages.View, ofBatch.View, ofUnits.View, weight.View, dz.View, factor, z.Columns));
    }

    /// <summary>Appends the addition of the gradient to that of the encoder's output.</summary>
    public void MomentsBackward(LayerContext context, PlannedTensor dEncoded)
    {
        TotalCorrelation kernel = context.Kernels.TotalCorrelation;
        PlannedTensor moments = encoded, z = codes, ofImages = table, ofBatch = joint, ofUnits = marginal, weight = klWeight;
        float factor = scale;
        context.Builder.Add(
            "total correlation backward to moments", 40.0 * z.Rows * z.Length,
            4.0 * (2 * moments.Length + ofImages.Length + 2 * z.Length + ofBatch.Length),
            [moments, z, ofImages, ofBatch, ofUnits, weight, dEncoded],
            stream => kernel.MomentsBackward(
                stream, moments.View, z.View, ofImages.View, ofBatch.View, ofUnits.View, weight.View, dEncoded.View, factor, z.Columns));
    }
}
