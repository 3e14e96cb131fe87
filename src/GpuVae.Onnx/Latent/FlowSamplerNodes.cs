using GpuVae.Kernels.Latent;
using GpuVae.Latent;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Latent;

/// <summary>
/// The masked autoregressive flow that new codes are drawn from: unit by unit, z = z' + (z' - m)·e^-s with the gate's s and m of the units
/// before, which is z = (z' - (1 - g)·m) / g.
/// </summary>
internal static class FlowSamplerNodes
{
    /// <summary>A code, [L], made of noise, [L].</summary>
    public static Value Sample(FlowCodeSampler sampler, Value noise)
    {
        Graph graph = noise.Graph;
        Value z = noise;
        for (int step = FlowCodeSampler.Steps - 1; step >= 0; step--)
            z = Invert(sampler, step, z);
        int latents = sampler.Latent;
        return graph.Constant("sampler.means", sampler.Means, latents)
            + graph.Constant("sampler.deviations", sampler.Deviations, latents) * z;
    }

    private static Value Invert(FlowCodeSampler sampler, int step, Value drawn)
    {
        Graph graph = drawn.Graph;
        (float[] w1, float[] b1, float[] w2, float[] b2) = sampler.WeightsOf(step);
        int latents = sampler.Latent, width = b1.Length;
        var units = new Value[latents];
        Value hidden = graph.Constant($"sampler.{step}.bias", b1, width) + 0f * Slice(drawn, 0, 0, 1);
        foreach (int unit in sampler.OrderOf(step))
        {
            string name = $"sampler.{step}.{unit}";
            float[] rows = new float[2 * width], column = new float[width];
            for (int h = 0; h < width; h++)
                (rows[2 * h], rows[2 * h + 1], column[h]) =
                    (w2[unit * width + h], w2[(latents + unit) * width + h], w1[h * latents + unit]);
            float[] bias = [b2[unit], b2[latents + unit] + AutoregressiveFlow.GateOffset];
            Value both = MatMul(Relu(hidden), graph.Constant($"{name}.rows", rows, width, 2)) + graph.Constant($"{name}.bias", bias, 2);
            Value own = Slice(drawn, 0, unit, 1);
            units[unit] = own + Exp(-Slice(both, 0, 1, 1)) * (own - Slice(both, 0, 0, 1));
            hidden += graph.Constant($"{name}.column", column, width) * units[unit];
        }
        return graph.Apply("Concat", [latents], units, ("axis", 1));
    }
}
