using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>A prior p(z) of the caller's own, for the constructor of <c>Vae</c>.</summary>
public abstract class CodePrior
{
    private protected CodePrior(string name) => Name = name;

    /// <summary>Of its type; stands in the options of the model.</summary>
    public string Name { get; }

    /// <summary>p(z) = Π p(z_l) over the units of a code.</summary>
    /// <remarks>The KL term is then log q(z|x) − log p(z) at the samples.</remarks>
    /// <param name="density">Of one unit; its type must be visible to kernels, so public, or of a visible assembly.</param>
    public static CodePrior Of<TDensity>(TDensity density)
        where TDensity : struct, ICodeDensity => new Factorized<TDensity>(density);

    internal abstract PriorDensity Create(int latents);

    private sealed class Factorized<TDensity>(TDensity density) : CodePrior(typeof(TDensity).ToString())
        where TDensity : struct, ICodeDensity
    {
        internal override PriorDensity Create(int latents) => new FactorizedPriorDensity<TDensity>(density, latents);
    }
}

/// <summary>A density whose units are independent and alike.</summary>
internal sealed class FactorizedPriorDensity<TDensity>(TDensity density, int latents) : PriorDensity
    where TDensity : struct, ICodeDensity
{
    public override PriorPass Forward(LayerContext context, PlannedTensor z, PlannedTensor encoded)
    {
        FactorizedPrior<TDensity> kernel = context.Kernels.PriorOf<TDensity>();
        PlannedTensor logDensities = context.Builder.Tensor("log p", z.Rows, 1);
        context.Builder.Add(
            "prior density", 10.0 * z.Length, 4.0 * (z.Length + z.Rows), [z, logDensities],
            stream => kernel.Forward(stream, z.View, logDensities.View, density, latents));
        return new PriorPass(logDensities, (back, weights, dz, _) =>
            back.Builder.Add(
                "prior backward", 10.0 * z.Length, 12.0 * z.Length, [z, weights.Shares, dz],
                stream => kernel.Backward(stream, z.View, weights.Rows, dz.View, density, latents)));
    }

    public override PlannedTensor Sample(LayerContext context, PlannedTensor noise, PlannedTensor encoded, ulong seed)
    {
        FactorizedPrior<TDensity> kernel = context.Kernels.PriorOf<TDensity>();
        PlannedTensor codes = context.Builder.Tensor("codes of the prior", noise.Rows, latents);
        context.Builder.Add(
            "prior draws", 40.0 * codes.Length, 4.0 * codes.Length, [codes],
            stream => kernel.Sample(stream, codes.View, density, latents, seed));
        return codes;
    }
}
