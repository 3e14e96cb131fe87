using System.Numerics;

namespace GpuVae.Cli.Commands;

/// <summary>The numbers that an option takes.</summary>
/// <param name="Holds">Whether a number is one of them.</param>
/// <param name="Kind">What they have in common, such as <c>a whole number</c>.</param>
/// <param name="Extent">Which of these they are, such as <c>from 1 to 10</c>.</param>
internal sealed record NumberRange<T>(Func<T, bool> Holds, string Kind, string Extent)
    where T : struct, INumber<T>
{
    /// <summary>For the help.</summary>
    public string Sentence => $"{char.ToUpperInvariant(Extent[0])}{Extent[1..]}.";

    /// <summary>For messages.</summary>
    public string Request => $"choose {Kind}{Extent}";
}

/// <summary>Ranges of numbers. Without an upper end, a number must still be one of float32, in which everything is computed.</summary>
internal static class NumberRange
{
    public static NumberRange<double> Positive { get; } = new(number => (float)number > 0 && IsFinite(number), Kind<double>(), "above 0");

    public static NumberRange<T> Between<T>(T least, T most)
        where T : struct, INumber<T> =>
        new(number => number >= least && number <= most, Kind<T>(), FormattableString.Invariant($"from {least} to {most}"));

    public static NumberRange<T> AtLeast<T>(T least)
        where T : struct, INumber<T> =>
        new(number => number >= least && IsFinite(number), Kind<T>(), FormattableString.Invariant($"from {least} on"));

    public static NumberRange<int> OneOf(params int[] numbers) =>
        new(number => numbers.Contains(number), "", $"{string.Join(", ", numbers[..^1])} or {numbers[^1]}");

    private static bool IsFinite<T>(T number)
        where T : struct, INumber<T> => float.IsFinite(float.CreateTruncating(number));

    private static string Kind<T>() => typeof(T) == typeof(double) ? "a finite number " : "a whole number ";
}
