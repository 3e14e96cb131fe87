using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace GpuVae.Cli.Commands;

/// <summary>Options that several commands share, and how options are read.</summary>
internal static class CommonOptions
{
    public static Option<ulong> Seed() =>
        Number("--seed", "N", "Everything random follows from it; the same seed gives the same result.", 1UL);

    public static Option<string> Out(string description, string file) => new("--out", "-o")
    {
        Description = description,
        HelpName = "PATH",
        DefaultValueFactory = _ => file,
    };

    /// <summary>The same where the default depends on other options.</summary>
    public static Option<string?> Out(string description) => Text("--out", "PATH", description, "-o");

    /// <summary>An option that need not be given.</summary>
    public static Option<string?> Text(string name, string helpName, string description, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = helpName,
    };

    /// <summary>An option without a value.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>An option that takes a number, written the same way whatever the machine's language.</summary>
    public static Option<T> Number<T>(string name, string helpName, string description, T value, params string[] aliases)
        where T : struct, INumber<T> => new(name, aliases)
        {
            Description = description,
            HelpName = helpName,
            DefaultValueFactory = _ => value,
            CustomParser = result => ParseNumber<T>(name, result),
        };

    /// <inheritdoc cref="Number"/>
    public static Option<T?> OptionalNumber<T>(string name, string helpName, string description)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result => ParseNumber<T>(name, result),
        };

    /// <exception cref="BadInputException">The number lies outside.</exception>
    public static int InRange(ParseResult parsed, Option<int> option, int least, int most)
    {
        int value = parsed.GetValue(option);
        return value >= least && value <= most
            ? value
            : throw new BadInputException($"{option.Name} {value}: choose from {least} to {most}.");
    }

    /// <summary>Numbers with commas between them.</summary>
    /// <exception cref="BadInputException">One is no number.</exception>
    public static T[] Numbers<T>(Option option, string text)
        where T : struct, INumber<T> =>
        [.. text.Split(',', StringSplitOptions.TrimEntries).Select(part =>
            T.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out T number)
                ? number
                : throw new BadInputException(
                    $"{option.Name} {text}: '{part}' is no {(typeof(T) == typeof(int) ? "whole " : "")}number."))];

    /// <summary>Whether the user wrote the option, rather than its default being in force.</summary>
    public static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static T ParseNumber<T>(string name, ArgumentResult result)
        where T : struct, INumber<T>
    {
        string text = result.Tokens[0].Value;
        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out T number))
            return number;
        string wanted = typeof(T) == typeof(double) ? "a number such as 0.001 or 1e-3"
            : typeof(T) == typeof(ulong) ? $"a whole number from 0 to {ulong.MaxValue}"
            : $"a whole number of at most {int.MaxValue}";
        result.AddError($"{name} {text}: write {wanted}.");
        return default;
    }
}
