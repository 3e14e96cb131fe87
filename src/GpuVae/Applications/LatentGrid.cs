namespace GpuVae.Applications;

/// <summary>Latent codes on a regular grid, to look at what two units of the code mean.</summary>
public static class LatentGrid
{
    /// <summary>
    /// Codes [rows · columns, latent], row-major: unit <paramref name="unitX"/> runs from −<paramref name="extent"/> to
    /// +<paramref name="extent"/> along a row, unit <paramref name="unitY"/> from the first row to the last; all others are as in
    /// <paramref name="center"/>, or 0, the mean of the prior.
    /// </summary>
    /// <param name="extent">In standard deviations of the prior; ±2.5 holds 98.8 % of it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A unit does not exist, or the grid is empty.</exception>
#pragma warning disable CS1573 // the other parameters are what the summary says
    public static float[] Create(
        int latent, int columns, int rows, int unitX = 0, int unitY = 1, double extent = 2.5, ReadOnlySpan<float> center = default)
#pragma warning restore CS1573
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)unitX, (uint)latent, nameof(unitX));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)unitY, (uint)latent, nameof(unitY));
        var codes = new float[checked(rows * columns * latent)];
        for (int i = 0; i < rows * columns; i++)
        {
            Span<float> code = codes.AsSpan(i * latent, latent);
            if (!center.IsEmpty)
                center.CopyTo(code);
            code[unitY] = Along(i / columns, rows, extent);
            code[unitX] = Along(i % columns, columns, extent);
        }
        return codes;
    }

    private static float Along(int index, int count, double extent) => count == 1 ? 0 : (float)(extent * (2.0 * index / (count - 1) - 1));
}
