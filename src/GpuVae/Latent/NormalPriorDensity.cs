using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>N(0, I).</summary>
internal sealed class NormalPriorDensity(int latents) : PriorDensity
{
    public override PriorPass Forward(LayerContext context, PlannedTensor z, PlannedTensor encoded)
    {
        StandardNormalPrior kernel = context.Kernels.StandardNormalPrior;
        PlannedTensor density = context.Builder.Tensor("log p", z.Rows, 1);
        context.Builder.Add(
            "prior density", 3.0 * z.Length, 4.0 * (z.Length + z.Rows), [z, density],
            stream => kernel.Forward(stream, z.View, density.View, latents));
        return new PriorPass(density, (back, weights, dz, _) =>
            back.Builder.Add(
                "prior backward", 3.0 * z.Length, 12.0 * z.Length, [z, weights.Shares, dz],
                stream => kernel.Backward(stream, z.View, weights.Rows, dz.View, latents)));
    }

    public override PlannedTensor Sample(LayerContext context, PlannedTensor noise, PlannedTensor encoded, ulong seed) => noise;
}
