namespace GpuVae.Simd.Benchmarks;

/// <summary>Checks of results against references.</summary>
internal static class Expect
{
    /// <param name="tolerance">Largest difference, relative to <paramref name="scale"/>.</param>
    /// <exception cref="InvalidDataException">The value is not close enough.</exception>
    public static void Close(string what, double value, double reference, double scale, double tolerance)
    {
        // Written so that a NaN fails.
        if (!(Math.Abs(value - reference) <= tolerance * scale))
            throw new InvalidDataException($"{what} is {value}, expected {reference} within {tolerance * scale}");
    }

    /// <exception cref="InvalidDataException">The values differ.</exception>
    public static void Equal<T>(string what, ReadOnlySpan<T> values, ReadOnlySpan<T> reference) where T : IEquatable<T>
    {
        if (values.Length != reference.Length)
            throw new InvalidDataException($"{what}: {values.Length} values, expected {reference.Length}");
        int same = values.CommonPrefixLength(reference);
        if (same < values.Length)
            throw new InvalidDataException($"{what}[{same}] is {values[same]}, expected {reference[same]}");
    }
}
