using MathNet.Numerics.LinearAlgebra;

namespace GpuVae.Applications;

/// <summary>
/// Tells from a code which value of a categorical factor its image has, by linear discriminant analysis (Fisher, "The use of multiple
/// measurements in taxonomic problems", 1936): the codes of every value are taken to be normal about a mean of their own, Σ common to all.
/// </summary>
internal sealed class LatentClasses
{
    // ln p(k|z) = w_k · z + b_k up to a constant: w_k = Σ⁻¹ μ_k, b_k = ln π_k − μ_k · w_k / 2. Weights [values, latent].
    private readonly Matrix<double> weights;
    private readonly double[] biases;

    private LatentClasses(Matrix<double> weights, double[] biases) => (this.weights, this.biases) = (weights, biases);

    /// <param name="codes">[images, latent].</param>
    /// <param name="values">[images], the value of each from 0 to <paramref name="count"/> − 1.</param>
    /// <param name="count">Values of the factor; one that no image has is never told.</param>
    public static LatentClasses Learn(Matrix<double> codes, ReadOnlySpan<float> values, int count)
    {
        int images = codes.RowCount, latent = codes.ColumnCount;
        int[] sizes = new int[count];
        Matrix<double> means = Matrix<double>.Build.Dense(count, latent);
        Matrix<double> centred = codes.Clone();
        for (int i = 0; i < images; i++)
        {
            int value = (int)values[i];
            sizes[value]++;
            for (int j = 0; j < latent; j++)
                means[value, j] += codes[i, j];
        }
        for (int k = 0; k < count; k++)
            means.SetRow(k, means.Row(k) / Math.Max(1, sizes[k]));
        for (int i = 0; i < images; i++)
        {
            for (int j = 0; j < latent; j++)
                centred[i, j] -= means[(int)values[i], j];
        }
        // Drawn to the prior's covariance, the identity, as by one more image for each unit: few images do not make it singular.
        Matrix<double> covariance = (centred.TransposeThisAndMultiply(centred) + Matrix<double>.Build.DenseIdentity(latent) * latent)
            / (images + latent);
        Matrix<double> weights = covariance.Cholesky().Solve(means.Transpose()).Transpose();
        return new LatentClasses(
            weights,
            [.. Enumerable.Range(0, count).Select(k => Math.Log((double)sizes[k] / images) - means.Row(k) * weights.Row(k) / 2)]);
    }

    /// <summary>p(value | code), [values].</summary>
    public double[] Probabilities(ReadOnlySpan<float> code)
    {
        double[] scores = (double[])biases.Clone();
        for (int k = 0; k < scores.Length; k++)
        {
            for (int j = 0; j < code.Length; j++)
                scores[k] += weights[k, j] * code[j];
        }
        double highest = scores.Max();
        double sum = scores.Sum(score => Math.Exp(score - highest));
        return Array.ConvertAll(scores, score => Math.Exp(score - highest) / sum);
    }
}
