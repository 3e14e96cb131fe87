using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace GpuVae.Evaluation;

/// <summary>
/// ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2·(C₁·C₂)^½): the squared Fréchet distance of two normals (Dowson and Landau 1982) with the means and
/// covariances of two sets of features (Heusel et al. 2017, arXiv:1706.08500). With few images it is biased upwards, by how many and by the
/// network, so only figures of one number of images and one network compare.
/// </summary>
public static class FrechetDistance
{
    /// <summary>The distance of two sets of features, in double.</summary>
    /// <param name="first">[n, count].</param>
    /// <param name="second">[m, count].</param>
    /// <param name="count">Features.</param>
    /// <exception cref="ArgumentException">A set has fewer than two rows, or no whole number of them.</exception>
    public static double Of(ReadOnlySpan<float> first, ReadOnlySpan<float> second, int count)
    {
        (Vector<double> m1, Matrix<double> c1) = Moments(first, count);
        (Vector<double> m2, Matrix<double> c2) = Moments(second, count);
        // The eigenvalues of C₁·C₂ are those of C₁^½·C₂·C₁^½, which is symmetric.
        Matrix<double> root = Root(c1), product = root * c2 * root;
        double ofRoots = ((product + product.Transpose()) / 2).Evd(Symmetricity.Symmetric).EigenValues
            .Sum(value => Math.Sqrt(Math.Max(value.Real, 0)));
        double squared = (m1 - m2).DotProduct(m1 - m2) + c1.Trace() + c2.Trace() - 2 * ofRoots;
        return Math.Max(squared, 0);
    }

    private static Matrix<double> Root(Matrix<double> covariance)
    {
        Evd<double> evd = covariance.Evd(Symmetricity.Symmetric);
        Vector<double> roots = evd.EigenValues.Map(value => Math.Sqrt(Math.Max(value.Real, 0)));
        return evd.EigenVectors * Matrix<double>.Build.DiagonalOfDiagonalVector(roots) * evd.EigenVectors.Transpose();
    }

    /// <summary>Mean and unbiased covariance.</summary>
    private static (Vector<double> Mean, Matrix<double> Covariance) Moments(ReadOnlySpan<float> features, int count)
    {
        int rows = features.Length / count;
        if (rows < 2 || features.Length % count != 0)
            throw new ArgumentException($"{features.Length} values are not two or more rows of {count}.", nameof(features));
        double[] values = new double[features.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = features[i];
        // Columns are contiguous, so the matrix is [count, rows].
        Matrix<double> columns = Matrix<double>.Build.Dense(count, rows, values);
        Vector<double> mean = columns.RowSums() / rows;
        for (int row = 0; row < rows; row++)
            columns.SetColumn(row, columns.Column(row) - mean);
        return (mean, columns.TransposeAndMultiply(columns) / (rows - 1));
    }
}
