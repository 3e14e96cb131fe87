using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>The mean discrepancy between the codes of a batch and draws of N(0, I), weighted: what InfoVAE and WAE-MMD add.</summary>
internal sealed class MeanDiscrepancyTerm
{
    private readonly PlannedTensor codes, drawn, slopes;
    private readonly float weight;

    public MeanDiscrepancyTerm(VaeOptions options, LayerContext context, PlannedTensor codes, NoiseSource source)
    {
        (this.codes, weight) = (codes, (float)options.MmdWeight);
        int batch = codes.Rows, latent = codes.Columns;
        PlannedTensor ofPrior = drawn = context.Builder.Tensor("draws of the prior", batch, latent);
        PlannedTensor ofPairs = slopes = context.Builder.Tensor("slopes of pairs", batch, 2 * batch);
        PlannedTensor terms = context.Builder.Tensor("mean discrepancy", batch, 1);
        RandomFill random = context.Kernels.RandomFill;
        MeanDiscrepancy kernel = context.Kernels.MeanDiscrepancy;
        context.Builder.Add(
            "draws of the prior", 40.0 * ofPrior.Length, 4.0 * ofPrior.Length, [ofPrior],
            stream => random.NormalRows(stream, ofPrior.View, latent, source.Seed, RandomPurpose.PriorDraws, source.Step));
        context.Builder.Add(
            "mean discrepancy", batch * (9.0 * codes.Length + 70.0 * batch), 4.0 * (2 * codes.Length + ofPairs.Length),
            [codes, ofPrior, terms, ofPairs],
            stream => kernel.Forward(stream, codes.View, ofPrior.View, terms.View, ofPairs.View, latent));
    }

    /// <summary>Appends the addition of the gradient to that of the codes.</summary>
    public void Backward(LayerContext context, PlannedTensor dz)
    {
        MeanDiscrepancy kernel = context.Kernels.MeanDiscrepancy;
        PlannedTensor z = codes, ofPrior = drawn, ofPairs = slopes;
        float factor = weight;
        context.Builder.Add(
            "mean discrepancy backward", 6.0 * z.Rows * z.Length, 4.0 * (4 * z.Length + ofPairs.Length), [z, ofPrior, ofPairs, dz],
            stream => kernel.Backward(stream, z.View, ofPrior.View, ofPairs.View, dz.View, factor, z.Columns));
    }
}
