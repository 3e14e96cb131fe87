using GpuVae.Formats;
using GpuVae.Kernels.Random;

namespace GpuVae.Latent;

/// <summary>A mixture of normals, of which some may belong to a label.</summary>
/// <param name="latents">L.</param>
/// <param name="weights">[K], not negative; those of a label need not add up to 1.</param>
/// <param name="means">[K, L].</param>
/// <param name="factors">[K, L, L]: Cholesky factors of the covariances, 0 above the diagonal.</param>
/// <param name="labels">[K]: whose a component is; −1 for labels that have none, and where there are no labels.</param>
internal sealed class MixtureCodeSampler(int latents, float[] weights, float[] means, float[] factors, int[] labels)
    : CodeSampler(latents)
{
    public const string Prefix = "sampler.";

    private const string WeightsName = "sampler.weights", MeansName = "sampler.means", FactorsName = "sampler.factors";
    private const string LabelsName = "sampler.labels";

    private readonly Dictionary<int, int[]> ofLabel =
        Enumerable.Range(0, weights.Length).GroupBy(c => labels[c]).ToDictionary(group => group.Key, group => group.ToArray());

    public override SamplerKind Kind => SamplerKind.Gmm;

    public int Components => weights.Length;

    internal override IReadOnlyList<NamedTensor> Tensors =>
    [
        new(WeightsName, [Components], weights), new(MeansName, [Components, Latent], means),
        new(FactorsName, [Components, Latent, Latent], factors), new(LabelsName, [Components], [.. labels.Select(label => (float)label)]),
    ];

    /// <summary>All components of several mixtures.</summary>
    public static MixtureCodeSampler Join(IReadOnlyList<MixtureCodeSampler> parts) => new(
        parts[0].Latent, [.. parts.SelectMany(part => part.Weights)], [.. parts.SelectMany(part => part.Means)],
        [.. parts.SelectMany(part => part.Factors)], [.. parts.SelectMany(part => part.Labels)]);

    private float[] Weights => weights;

    /// <summary>[K, L].</summary>
    internal float[] Means => means;

    /// <summary>[K, L, L]: Cholesky factors of the covariances, 0 above the diagonal.</summary>
    internal float[] Factors => factors;

    private int[] Labels => labels;

    /// <summary>[K]: the shares of a label's components, each added to those before it; those of others add nothing.</summary>
    internal float[] Bounds(int label)
    {
        int[] own = For(label);
        double total = own.Sum(c => (double)weights[c]), sum = 0;
        return [.. Enumerable.Range(0, Components).Select(c => (float)(own.Contains(c) ? sum += weights[c] / total : sum))];
    }

    /// <summary>The sampler among the tensors of a file.</summary>
    /// <param name="tensors">Those whose names begin with <see cref="Prefix"/>, finite.</param>
    /// <param name="latents">L of the model.</param>
    /// <param name="classes">Labels that it knows.</param>
    /// <param name="path">Of the file.</param>
    /// <exception cref="BadInputException">They are not those of a sampler for this model.</exception>
    public static MixtureCodeSampler Of(IReadOnlyList<NamedTensor> tensors, int latents, int classes, string path)
    {
        var byName = tensors.ToDictionary(tensor => tensor.Name);
        int components = byName.TryGetValue(WeightsName, out NamedTensor? first) ? first.Data.Length : 0;
        float[] weights = Take(WeightsName, components), means = Take(MeansName, components, latents);
        float[] factors = Take(FactorsName, components, latents, latents), labels = Take(LabelsName, components);
        bool isWhole = components > 0 && byName.Count == 4 && weights.All(weight => weight >= 0)
            && labels.All(label => label == MathF.Floor(label) && label >= -1 && label < classes)
            && Enumerable.Range(0, components * latents).All(i => factors[i * latents + i % latents] > 0);
        var sampler = new MixtureCodeSampler(latents, weights, means, factors, Array.ConvertAll(labels, label => (int)label));
        int[] asked = classes == 0 ? [-1] : [.. Enumerable.Range(0, classes)];
        return isWhole && asked.All(label => sampler.For(label).Sum(c => weights[c]) > 0)
            ? sampler
            : throw Bad("its numbers describe no mixture for the labels of the model");

        float[] Take(string name, params int[] shape) =>
            byName.TryGetValue(name, out NamedTensor? tensor) && tensor.Shape.SequenceEqual(shape)
                ? tensor.Data
                : throw Bad($"{name} is missing or of another shape");

        BadInputException Bad(string what) => new(
            $"{path} holds a sampler of codes that is damaged, or belongs to another model: {what}. Export the model again.");
    }

    public override string ToString() => labels.Distinct().Count() is var groups and > 1
        ? $"gmm of {Components} normals for {groups} labels"
        : $"gmm of {Components} normal{(Components == 1 ? "" : "s")}";

    internal override float[] Draw(ReadOnlySpan<int> asked, ulong seed, double temperature)
    {
        float[] codes = new float[checked(asked.Length * Latent)];
        double[] noise = new double[Latent];
        for (int row = 0; row < asked.Length; row++)
        {
            int c = Drawn(For(asked[row]), Philox.ToUniform(Philox.Generate(seed, RandomPurpose.Sampler, 0, row, 0).W0));
            for (int i = 0; i < Latent; i++)
            {
                noise[i] = temperature * Philox.NormalAt(seed, RandomPurpose.Sampler, 1, row, i);
                double value = means[c * Latent + i];
                for (int j = 0; j <= i; j++)
                    value += factors[(c * Latent + i) * Latent + j] * noise[j];
                codes[row * Latent + i] = (float)value;
            }
        }
        return codes;
    }

    private int[] For(int label) => ofLabel.TryGetValue(label, out int[]? own) ? own : ofLabel.GetValueOrDefault(-1, []);

    private int Drawn(int[] among, double uniform)
    {
        double left = uniform * among.Sum(c => (double)weights[c]);
        foreach (int c in among)
        {
            left -= weights[c];
            if (left < 0)
                return c;
        }
        return among[^1];
    }
}
