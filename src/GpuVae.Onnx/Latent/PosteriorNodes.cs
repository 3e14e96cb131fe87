using GpuVae.Elbo;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Latent;

/// <summary>A family of posteriors as nodes; the formulas are those of its kernels.</summary>
internal abstract class PosteriorNodes(int latents)
{
    /// <summary>L.</summary>
    protected int Latents => latents;

    /// <exception cref="BadInputException">The posterior has no form in ONNX here.</exception>
    public static PosteriorNodes Create(VaeOptions options, VaeParts parts) => options.Posterior switch
    {
        _ when options.Objective == Objective.Rae => new DeterministicNodes(options.Latent),
        _ when options.LevelChannels > 0 && options.Classes > 0 => throw new BadInputException(
            "A conditional hierarchy with maps cannot be exported to ONNX: its q(z|x) needs the label between its levels. Train one "
            + "without VaeOptions.LevelChannels, or one that is not conditional."),
        _ when parts.Posterior is HierarchySampler hierarchy =>
            new HierarchyNodes(parts.Decoder.Layers.OfType<TopDown>().Single(), hierarchy),
        Posterior.Diagonal => new DiagonalNodes(options.Latent),
        Posterior.Full => new CovarianceNodes(options.Latent),
        Posterior.Flow => new FlowNodes(options.Latent, options.FlowWidth, VaeOptions.FlowSteps),
        _ => throw new BadInputException(
            $"The posterior {options.Posterior} cannot be exported to ONNX. Train a model with another VaeOptions.Posterior."),
    };

    /// <summary>The code that stands for an image without noise, [L].</summary>
    /// <param name="encoded">The encoder's output.</param>
    public virtual Value Center(Value encoded) => Slice(encoded, 0, 0, latents);

    /// <summary>Whether codes are made of noise.</summary>
    public virtual bool HasNoise => true;

    /// <summary>What an encoder gives beside the center.</summary>
    /// <param name="encoded">The encoder's output.</param>
    public virtual IEnumerable<(string Name, string Meaning, Value Value)> More(Value encoded) =>
        [("log_variance", "of each unit of q(z|x)", RawLogVariance(encoded))];

    /// <summary>KL(q(z|x) ‖ N(0, I)) in nats, [], where it is known in closed form at the sample that the noise makes.</summary>
    /// <param name="encoded">The encoder's output.</param>
    /// <param name="noise">As <see cref="Sample"/> takes it.</param>
    public virtual Value Kl(Value encoded, Value noise) => OfMoments(Center(encoded), LogVariance(encoded));

    /// <summary>A code made of noise, [L], and its log-density, [].</summary>
    /// <param name="encoded">The encoder's output.</param>
    /// <param name="noise">Standard normal, [L].</param>
    public abstract (Value Code, Value LogDensity) Sample(Value encoded, Value noise);

    /// <summary>The log-densities of a code, [L], under the posteriors of constant rows, [K]: the components of a mixture.</summary>
    /// <param name="code">Any.</param>
    /// <param name="rows">[K, columns], as an encoder would give them.</param>
    /// <param name="count">K.</param>
    public abstract Value LogDensities(Value code, float[] rows, int count);

    /// <summary>KL(N(mean, e^s) ‖ N(0, I)) = Σ (mean² + e^s - 1 - s)/2.</summary>
    protected static Value OfMoments(Value mean, Value s) => 0.5f * Sum(mean * mean + Exp(s) - 1f - s);

    /// <summary>The log-variances as the encoder gives them.</summary>
    protected Value RawLogVariance(Value encoded) => Slice(encoded, 0, latents, latents);

    /// <summary>The log-variances as they are used.</summary>
    protected Value LogVariance(Value encoded) =>
        Clamp(RawLogVariance(encoded), Kernels.Common.LogVariance.Min, Kernels.Common.LogVariance.Max);

    /// <summary>-Σ (e² + s + ln 2π)/2 over the units of each component, [K].</summary>
    /// <param name="noise">e, [K, L]: what would have made the code.</param>
    /// <param name="rows">Of which the log-variances s are taken.</param>
    protected Value LogDensities(Value noise, float[] rows)
    {
        int count = noise.Shape[0];
        float[] constants = [.. Enumerable.Range(0, count).Select(c =>
            (float)(-0.5 * Enumerable.Range(0, latents).Sum(unit => LogVariance(rows, count, c, unit) + Math.Log(Math.Tau))))];
        return noise.Graph.Constant("prior.constants", constants, count) - 0.5f * Sum(noise * noise, 1);
    }

    /// <summary>The means of constant rows as <paramref name="shape"/>, [K, …, L].</summary>
    protected Value Means(Graph graph, float[] rows, params int[] shape)
    {
        int columns = rows.Length / shape[0];
        return graph.Constant(
            "prior.means", [.. Enumerable.Range(0, shape[0]).SelectMany(c => rows[(c * columns)..(c * columns + latents)])], shape);
    }

    /// <summary>The log-variance of a unit of a constant row, as it is used.</summary>
    protected float LogVariance(float[] rows, int count, int component, int unit) =>
        Kernels.Common.LogVariance.Clamp(rows[rows.Length / count * component + latents + unit]);

    /// <summary>log q of a code that the noise makes where its map from the noise has the determinant e^(Σ s/2).</summary>
    protected static Value LogDensity(Value logVariance, Value noise) =>
        -0.5f * Sum(noise * noise + logVariance + float.Log(float.Tau));
}
