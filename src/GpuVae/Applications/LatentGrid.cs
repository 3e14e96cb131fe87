using MathNet.Numerics.Distributions;

namespace GpuVae.Applications;

/// <summary>Latent codes on a regular grid, [rows · columns, latent] row-major, to look at what the directions of the space mean.</summary>
public static class LatentGrid
{
    /// <summary>
    /// Two units over the middles of equally probable intervals of the prior N(0, 1), so that each picture of the grid stands for the same
    /// share of what the model knows (Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, appendix A): <paramref name="unitX"/>
    /// along a row, <paramref name="unitY"/> from the first row to the last. All others are as in <paramref name="center"/>.
    /// </summary>
    /// <exception cref="BadInputException">A unit does not exist.</exception>
    public static float[] Quantiles(ReadOnlySpan<float> center, int unitX, int unitY, int columns, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        int latent = center.Length;
        Require(unitX, latent);
        Require(unitY, latent);
        float[] codes = new float[checked(rows * columns * latent)];
        for (int i = 0; i < rows * columns; i++)
        {
            Span<float> code = codes.AsSpan(i * latent, latent);
            center.CopyTo(code);
            code[unitY] = (float)Normal.InvCDF(0, 1, (i / columns + 0.5) / rows);
            code[unitX] = (float)Normal.InvCDF(0, 1, (i % columns + 0.5) / columns);
        }
        return codes;
    }

    /// <summary>
    /// The plane through three codes: <paramref name="corner"/> is the first of the first row, <paramref name="right"/> the last of it and
    /// <paramref name="below"/> the first of the last row. Along rows and columns codes follow arcs (see
    /// <see cref="Interpolation.Slerp"/>).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two rows or columns.</exception>
    public static float[] Plane(ReadOnlySpan<float> corner, ReadOnlySpan<float> right, ReadOnlySpan<float> below, int columns, int rows)
    {
        int latent = corner.Length;
        // The fourth corner that makes a parallelogram, at the length of the others.
        float[] opposite = new float[latent];
        for (int i = 0; i < latent; i++)
            opposite[i] = right[i] + below[i] - corner[i];
        float[] left = Interpolation.Path(corner, below, rows), end = Interpolation.Path(right, opposite, rows);
        float[] codes = new float[checked(rows * columns * latent)];
        for (int y = 0; y < rows; y++)
            Interpolation.Path(left.AsSpan(y * latent, latent), end.AsSpan(y * latent, latent), columns)
                .CopyTo(codes.AsSpan(y * columns * latent));
        return codes;
    }

    /// <summary>
    /// What each of <paramref name="units"/> does: a row for each, in which it runs from −<paramref name="extent"/> to +<paramref
    /// name="extent"/> while all others are as in <paramref name="center"/>.
    /// </summary>
    /// <exception cref="BadInputException">A unit does not exist.</exception>
    public static float[] Traversals(ReadOnlySpan<float> center, ReadOnlySpan<int> units, int columns, double extent = 3)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 2);
        int latent = center.Length;
        foreach (int unit in units)
            Require(unit, latent);
        float[] codes = new float[checked(units.Length * columns * latent)];
        for (int i = 0; i < units.Length * columns; i++)
        {
            center.CopyTo(codes.AsSpan(i * latent));
            codes[i * latent + units[i / columns]] = (float)(extent * (2.0 * (i % columns) / (columns - 1) - 1));
        }
        return codes;
    }

    private static void Require(int unit, int latent)
    {
        if ((uint)unit >= (uint)latent)
            throw new BadInputException($"There is no latent unit {unit}; the model has the units 0 to {latent - 1}.");
    }
}
