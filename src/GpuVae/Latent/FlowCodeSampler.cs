using GpuVae.Formats;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;

namespace GpuVae.Latent;

/// <summary>
/// A masked autoregressive flow of codes (see <see cref="FlowFit"/>). Drawing goes backward through it, on the host: a unit's m and gate
/// depend on the units of lower degree, so these come first, z = (z' − (1 − g)·m) / g.
/// </summary>
internal sealed class FlowCodeSampler : CodeSampler
{
    /// <summary>Steps of a flow; every second one counts the units from the last.</summary>
    public const int Steps = 4;

    private const string MeansName = "sampler.flow.means", DeviationsName = "sampler.flow.deviations";

    private readonly float[] means, deviations;
    private readonly IReadOnlyList<NamedTensor> weights;

    /// <param name="latents">L.</param>
    /// <param name="means">[L]: what is added to the codes in the end.</param>
    /// <param name="deviations">[L]: what they are multiplied with before.</param>
    /// <param name="weights">Of the steps' networks, in the order of <see cref="FlowStep.ParameterShapes"/>.</param>
    public FlowCodeSampler(int latents, float[] means, float[] deviations, IReadOnlyList<NamedTensor> weights)
        : base(latents) => (this.means, this.deviations, this.weights) = (means, deviations, weights);

    public override SamplerKind Kind => SamplerKind.Flow;

    /// <summary>[L].</summary>
    internal float[] Means => means;

    /// <summary>[L], positive.</summary>
    internal float[] Deviations => deviations;

    internal override IReadOnlyList<NamedTensor> Tensors =>
        [new(MeansName, [Latent], means), new(DeviationsName, [Latent], deviations), .. weights];

    /// <summary>Hidden units of a step's network.</summary>
    public static int WidthOf(int latents) => Math.Max(32, 4 * latents);

    /// <summary>The steps of a flow, without weights.</summary>
    public static FlowStep[] StepsOf(int latents) =>
    [
        .. Enumerable.Range(0, Steps).Select(i => new FlowStep(
            $"sampler.flow.{i}", latents, WidthOf(latents), firstContext: i * WidthOf(latents), isReversed: IsReversed(i))),
    ];

    /// <summary>Whether tensors of a sampler are those of a flow.</summary>
    public static bool Is(IEnumerable<string> names) => names.Contains(MeansName);

    /// <summary>The sampler among the tensors of a file, finite.</summary>
    /// <exception cref="BadInputException">They are not those of a flow for codes of <paramref name="latents"/> units.</exception>
    public static FlowCodeSampler Of(IReadOnlyList<NamedTensor> tensors, int latents, string path)
    {
        var byName = tensors.ToDictionary(tensor => tensor.Name);
        (string Name, int[] Shape)[] shapes = [.. StepsOf(latents).SelectMany(step => step.ParameterShapes)];
        if (byName.Count != shapes.Length + 2)
            throw Bad(path, "it has more tensors than a flow, or fewer");
        float[] deviations = Take(DeviationsName, latents);
        return deviations.All(value => value > 0)
            ? new FlowCodeSampler(
                latents, Take(MeansName, latents), deviations, [.. shapes.Select(shape => new NamedTensor(
                    shape.Name, [.. shape.Shape], Take(shape.Name, shape.Shape)))])
            : throw Bad(path, "a deviation is not positive");

        float[] Take(string name, params int[] shape) =>
            byName.TryGetValue(name, out NamedTensor? tensor) && tensor.Shape.SequenceEqual(shape)
                ? tensor.Data
                : throw Bad(path, $"{name} is missing or of another shape");
    }

    public override string ToString() => $"flow of {Steps} steps";

    internal override float[] Draw(ReadOnlySpan<int> labels, ulong seed, double temperature)
    {
        float[] codes = new float[checked(labels.Length * Latent)];
        double[] z = new double[Latent];
        for (int row = 0; row < labels.Length; row++)
        {
            for (int i = 0; i < Latent; i++)
                z[i] = temperature * Philox.NormalAt(seed, RandomPurpose.Sampler, 1, row, i);
            for (int step = Steps - 1; step >= 0; step--)
                Invert(step, z);
            for (int i = 0; i < Latent; i++)
                codes[row * Latent + i] = (float)(means[i] + deviations[i] * z[i]);
        }
        return codes;
    }

    /// <summary>Of a step: [width, L], [width], [2·L, width], [2·L], the last two of m and then of what goes into the gate.</summary>
    internal (float[] W1, float[] B1, float[] W2, float[] B2) WeightsOf(int step) =>
        (weights[4 * step].Data, weights[4 * step + 1].Data, weights[4 * step + 2].Data, weights[4 * step + 3].Data);

    /// <summary>The units of a step in the order in which they are drawn.</summary>
    internal IEnumerable<int> OrderOf(int step) => Enumerable.Range(0, Latent).Select(turn => IsReversed(step) ? Latent - 1 - turn : turn);

    private static bool IsReversed(int step) => step % 2 == 1;

    /// <summary>z' of a step becomes z, in place.</summary>
    private void Invert(int step, double[] z)
    {
        (float[] w1, float[] b1, float[] w2, float[] b2) = WeightsOf(step);
        int width = b1.Length;
        double[] hidden = Array.ConvertAll(b1, bias => (double)bias);
        foreach (int unit in OrderOf(step))
        {
            double m = b2[unit], s = b2[Latent + unit] + AutoregressiveFlow.GateOffset;
            for (int h = 0; h < width; h++)
            {
                // Others wait for units that are still to come; their weights are 0.
                double active = Math.Max(hidden[h], 0);
                m += w2[unit * width + h] * active;
                s += w2[(Latent + unit) * width + h] * active;
            }
            double gate = 1 / (1 + Math.Exp(-s));
            z[unit] = (z[unit] - (1 - gate) * m) / gate;
            for (int h = 0; h < width; h++)
                hidden[h] += w1[h * Latent + unit] * z[unit];
        }
    }

    private static BadInputException Bad(string path, string what) => new(
        $"{path} holds a sampler of codes that is damaged, or belongs to another model: {what}. Export the model again.");
}
