using GpuVae.Data;

namespace GpuVae.Evaluation;

/// <summary>The gap of one factor.</summary>
/// <param name="Factor">Its name.</param>
/// <param name="Gap">(I₁ − I₂)/H in [0, 1].</param>
/// <param name="Unit">The latent unit that knows most of it.</param>
/// <param name="Information">I₁, nats.</param>
/// <param name="Entropy">H, nats.</param>
public sealed record FactorGap(string Factor, double Gap, int Unit, double Information, double Entropy);

/// <summary>
/// Mutual information gap (Chen, Li, Grosse and Duvenaud, "Isolating Sources of Disentanglement in VAEs", 2018, section 4.1): how much more
/// the best latent unit knows of a factor than the second best, (I(z_j; v) − max_{j'≠j} I(z_j'; v))/H(v), averaged over the factors. 1
/// where every factor has a unit of its own, 0 where no unit stands out.
/// </summary>
/// <remarks>
/// Information and entropy by the histogram estimator of Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of
/// Disentangled Representations", 2019: the mean of q(z_j|x), and a factor that is a number, in <see cref="Bins"/> bins of equal width.
/// </remarks>
/// <param name="Score">The average.</param>
/// <param name="Factors">Each factor; those with the same value in all images are left out.</param>
public sealed record MutualInformationGap(double Score, IReadOnlyList<FactorGap> Factors)
{
    /// <summary>Bins of a histogram.</summary>
    public const int Bins = 20;

    /// <summary>The gap of codes against factors.</summary>
    /// <param name="codes">[images, latent].</param>
    /// <param name="latent">Units.</param>
    /// <param name="factors">Of the same images.</param>
    /// <param name="cancellation">Asks to stop before the next factor.</param>
    /// <exception cref="BadInputException">No factor differs from image to image.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static MutualInformationGap Of(
        ReadOnlySpan<float> codes, int latent, IReadOnlyList<Factor> factors, CancellationToken cancellation = default)
    {
        int images = codes.Length / latent;
        int[][] units = new int[latent][];
        float[] column = new float[images];
        for (int j = 0; j < latent; j++)
        {
            for (int i = 0; i < images; i++)
                column[i] = codes[i * latent + j];
            units[j] = Binned(column);
        }
        var gaps = new List<FactorGap>();
        foreach (Factor factor in factors)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] classes = factor.ValueNames is null ? Binned(factor.Values) : Array.ConvertAll(factor.Values, value => (int)value);
            double entropy = Information(classes, classes);
            if (entropy <= 0)
                continue;
            double[] information = Array.ConvertAll(units, unit => Information(unit, classes));
            int best = Array.IndexOf(information, information.Max());
            double second = information.Where((_, j) => j != best).DefaultIfEmpty().Max();
            gaps.Add(new FactorGap(factor.Name, (information[best] - second) / entropy, best, information[best], entropy));
        }
        return gaps.Count > 0
            ? new MutualInformationGap(gaps.Average(gap => gap.Gap), gaps)
            : throw new BadInputException(
                "Every known factor has the same value in all images, so there is no mutual information gap. Take more images.");
    }

    /// <summary>The bin of each number, from 0 to <see cref="Bins"/> − 1, of equal width from the least to the greatest.</summary>
    internal static int[] Binned(ReadOnlySpan<float> values)
    {
        double least = double.PositiveInfinity, greatest = double.NegativeInfinity;
        foreach (float value in values)
            (least, greatest) = (Math.Min(least, value), Math.Max(greatest, value));
        int[] bins = new int[values.Length];
        for (int i = 0; i < bins.Length && greatest > least; i++)
            bins[i] = Math.Min((int)((values[i] - least) / (greatest - least) * Bins), Bins - 1);
        return bins;
    }

    /// <summary>I(a; b) = Σ p(a, b)·ln(p(a, b)/(p(a)·p(b))) of the joint histogram, nats; I(a; a) is the entropy.</summary>
    private static double Information(int[] a, int[] b)
    {
        int columns = b.Max() + 1;
        int[] countsA = new int[a.Max() + 1], countsB = new int[columns], joint = new int[countsA.Length * columns];
        for (int i = 0; i < a.Length; i++)
        {
            countsA[a[i]]++;
            countsB[b[i]]++;
            joint[a[i] * columns + b[i]]++;
        }
        double information = 0;
        for (int cell = 0; cell < joint.Length; cell++)
        {
            if (joint[cell] > 0)
                information += (double)joint[cell] / a.Length
                    * Math.Log((double)joint[cell] * a.Length / ((double)countsA[cell / columns] * countsB[cell % columns]));
        }
        return information;
    }
}
