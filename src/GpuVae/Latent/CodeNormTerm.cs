using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// Codes without noise, and half their squared norm in the place of a KL term (Ghosh et al. 2020, arXiv:1903.12436, equation 5).
/// </summary>
internal sealed class CodeNormTerm : LatentTerm
{
    private readonly PlannedTensor klWeight;

    /// <param name="context">Where to.</param>
    /// <param name="encoded">z, [images, L].</param>
    /// <param name="klWeight">One element: the weight of the norm.</param>
    public CodeNormTerm(LayerContext context, PlannedTensor encoded, PlannedTensor klWeight)
    {
        this.klWeight = klWeight;
        PlannedTensor norm = context.Builder.Tensor("norm of codes", encoded.Rows, 1);
        (DecoderInput, Kl) = (encoded, norm);
        CodeNorm kernel = context.Kernels.CodeNorm;
        context.Builder.Add(
            "norm of codes", 2.0 * encoded.Length, 4.0 * encoded.Length, [encoded, norm],
            stream => kernel.Forward(stream, encoded.View, norm.View, encoded.Columns));
    }

    public override PlannedTensor DecoderInput { get; }

    /// <summary>‖z‖²/2, [images, 1].</summary>
    public override PlannedTensor Kl { get; }

    public override PlannedTensor Close(LayerContext context, PlannedTensor reconstruction) => reconstruction;

    public override PlannedTensor Backward(LayerContext context, PlannedTensor dz, int imageCount)
    {
        PlannedTensor z = DecoderInput, weight = klWeight;
        CodeNorm kernel = context.Kernels.CodeNorm;
        float scale = 1f / z.Rows;
        context.Builder.Add(
            "norm of codes backward", 3.0 * z.Length, 12.0 * z.Length, [z, weight, dz],
            stream => kernel.Backward(stream, z.View, weight.View, dz.View, scale));
        return dz;
    }
}
