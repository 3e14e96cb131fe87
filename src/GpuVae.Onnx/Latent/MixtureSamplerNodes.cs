using GpuVae.Latent;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Latent;

/// <summary>The mixture that new codes are drawn from, of a conditional model by label.</summary>
internal static class MixtureSamplerNodes
{
    /// <summary>A code, [L], made of noise, [L]: mean + factor · noise of a component that the input <c>uniform</c> chooses.</summary>
    public static Value Sample(MixtureCodeSampler sampler, int classes, Value noise, Value? label)
    {
        Graph graph = noise.Graph;
        int components = sampler.Components, latents = sampler.Latent;
        Value bounds = graph.Constant(
            "sampler.bounds", [.. Enumerable.Range(0, Math.Max(classes, 1)).SelectMany(of => sampler.Bounds(classes > 0 ? of : -1))],
            classes > 0 ? [classes, components] : [components]);
        if (label is not null)
            bounds = graph.Apply("Gather", [components], [bounds, label], ("axis", 0));
        Value chosen = ComponentChoice.Append(bounds, scale: 1);
        Value mean = graph.Apply(
            "Gather", [latents], [graph.Constant("sampler.means", sampler.Means, components, latents), chosen], ("axis", 0));
        Value factor = graph.Apply(
            "Gather", [latents, latents], [graph.Constant("sampler.factors", sampler.Factors, components, latents, latents), chosen],
            ("axis", 0));
        return mean + Reshape(MatMul(factor, Reshape(noise, latents, 1)), latents);
    }
}
