using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>A mixture whose components are parameters. They start as standard normals around points drawn from N(0, I).</summary>
internal sealed class MixturePriorDensity(int components, int latents)
    : MixtureDensity(components, latents, new DiagonalSampler(latents), 2 * latents)
{
    private readonly int components = components, latents = latents;
    private Parameter? means, logVariances;

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes =>
        [("prior.means", [components, latents]), ("prior.log_variances", [components, latents]), .. base.ParameterShapes];

    public override void Attach(ParameterStore store, ulong seed)
    {
        base.Attach(store, seed);
        (means, logVariances) = (store["prior.means"], store["prior.log_variances"]);
        store.Write(
            means,
            [.. Enumerable.Range(0, components * latents).Select(i =>
                Philox.NormalAt(seed, RandomPurpose.PriorComponent, 0, i / latents, i % latents))]);
        store.Write(logVariances, new float[components * latents]);
    }

    // On the device a weight lies transposed, [L, components].
    protected override MixtureComponents Components(ArrayView<float> parameters, PlannedTensor encoded) =>
        new(ParameterStore.Slice(parameters, means!), ParameterStore.Slice(parameters, logVariances!), 1, components);
}
