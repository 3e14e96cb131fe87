using System.Numerics.Tensors;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace GpuVae.Applications;

/// <summary>The plane of the latent space in which codes differ most: their first two principal components (Pearson, 1901).</summary>
public sealed class LatentMap
{
    private LatentMap(float[] center, float[] right, float[] up) => (Center, Right, Up) = (center, right, up);

    /// <summary>The mean of the codes, [latent]; it lies at the origin of the plane.</summary>
    public IReadOnlyList<float> Center { get; }

    /// <summary>The direction of the greatest variance, [latent], of length 1, its largest component positive.</summary>
    public IReadOnlyList<float> Right { get; }

    /// <summary>The direction of the greatest variance that is left, likewise; zeros where the codes have but one unit.</summary>
    public IReadOnlyList<float> Up { get; }

    /// <summary>The map of codes, [n, latent].</summary>
    /// <exception cref="ArgumentException">There is no code, or no whole number of them.</exception>
    public static LatentMap Of(ReadOnlySpan<float> codes, int latent)
    {
        if (codes.IsEmpty || codes.Length % latent != 0)
            throw new ArgumentException($"{codes.Length} values are no codes of {latent} units.", nameof(codes));
        float[] values = codes.ToArray();
        Matrix<double> rows = Matrix<double>.Build.Dense(values.Length / latent, latent, (i, j) => values[i * latent + j]);
        Vector<double> mean = rows.ColumnSums() / rows.RowCount;
        Matrix<double> centred = Matrix<double>.Build.Dense(rows.RowCount, latent, (i, j) => rows[i, j] - mean[j]);
        // Eigenvalues of a symmetric matrix come in ascending order.
        Evd<double> decomposed = (centred.TransposeThisAndMultiply(centred) / rows.RowCount).Evd(Symmetricity.Symmetric);
        return new LatentMap([.. mean.Select(value => (float)value)], Axis(decomposed, 1), latent > 1 ? Axis(decomposed, 2) : [0]);
    }

    /// <summary>Where a code lies on the map, in units of the latent space from its center.</summary>
    public (float X, float Y) Place(ReadOnlySpan<float> code)
    {
        float[] offset = new float[code.Length];
        TensorPrimitives.Subtract(code, [.. Center], offset);
        return (TensorPrimitives.Dot<float>(offset, [.. Right]), TensorPrimitives.Dot<float>(offset, [.. Up]));
    }

    private static float[] Axis(Evd<double> decomposed, int fromLast)
    {
        Vector<double> axis = decomposed.EigenVectors.Column(decomposed.EigenVectors.ColumnCount - fromLast);
        double sign = Math.Sign(axis[axis.AbsoluteMaximumIndex()]);
        return [.. axis.Select(value => (float)(sign * value))];
    }
}
