using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using GpuVae.Formats;

namespace GpuVae.Cli.Commands;

/// <summary>Options that several commands share, and how options are read.</summary>
internal static class CommonOptions
{
    public const string SeedMeaning = "Everything random follows from it; the same seed gives the same result.";

    public static NumberRange<ulong> Seeds { get; } = NumberRange.Between(0UL, ulong.MaxValue);

    public static Option<ulong> Seed() => Number("--seed", "N", SeedMeaning, 1UL, Seeds);

    /// <summary>The option for <see cref="DataOptions.MaxPixels"/>.</summary>
    public static Option<long?> MaxPixels() => OptionalNumber(
        "--max-pixels", "N", "Refuse pictures of more pixels before they are decoded, and sets of more than 16 times as many values. "
            + FormattableString.Invariant($"Default: {DataOptions.DefaultMaxPixels}, for which 512 MiB of memory are enough."),
        NumberRange.Between(1L, DataOptions.GreatestMaxPixels));

    /// <summary>A name of the library as it is written on the command line: <c>leaky-relu</c>.</summary>
    public static string Kebab(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    /// <summary>Where to write a file. A place that cannot be written is refused before anything is computed.</summary>
    public static Option<string?> FileOut(string name, string description)
    {
        Option<string?> option = Text(name, "FILE", description);
        RefuseWhere(option, (_, path) => AtomicFile.RequireWritable(path));
        return option;
    }

    /// <summary>Has what <paramref name="check"/> throws against a value of the option refused while the command line is read.</summary>
    public static void RefuseWhere(Option option, Action<OptionResult, string> check) => option.Validators.Add(result =>
    {
        try
        {
            foreach (Token token in result.Tokens)
                check(result, token.Value);
        }
        catch (Exception error) when (error is BadInputException or IOException)
        {
            result.AddError($"{option.Name}: {Flags.In(error.Message)}");
        }
    });

    /// <summary>An option that need not be given.</summary>
    public static Option<string?> Text(string name, string helpName, string description, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = helpName,
    };

    /// <summary>An option without a value.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>An option that takes a number of a range, written the same way whatever the machine's language.</summary>
    public static Option<T> Number<T>(
        string name, string helpName, string description, T value, NumberRange<T> range, params string[] aliases)
        where T : struct, INumber<T> => new(name, aliases)
        {
            Description = $"{description} {range.Sentence}",
            HelpName = helpName,
            DefaultValueFactory = _ => value,
            CustomParser = result => ParseNumber(name, range, result),
        };

    /// <inheritdoc cref="Number"/>
    public static Option<T?> OptionalNumber<T>(string name, string helpName, string description, NumberRange<T> range)
        where T : struct, INumber<T> => new(name)
        {
            Description = $"{description} {range.Sentence}",
            HelpName = helpName,
            CustomParser = result => ParseNumber(name, range, result),
        };

    /// <summary>An option that takes numbers of a range with commas between them; none where it is not given.</summary>
    public static Option<T[]> Numbers<T>(string name, string helpName, string description, NumberRange<T> range)
        where T : struct, INumber<T> => new(name)
        {
            Description = $"{description} {range.Sentence}",
            HelpName = helpName,
            DefaultValueFactory = _ => [],
            CustomParser = result => [.. result.Tokens[0].Value.Split(',').Select(part => ParseNumber(name, range, result, part))],
        };

    /// <summary>Words with commas between them; none where the option is not given.</summary>
    public static string[] Words(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option)?.Split(',', StringSplitOptions.TrimEntries) ?? [];

    /// <summary>Whether the user wrote the option, rather than its default being in force.</summary>
    public static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static T ParseNumber<T>(string name, NumberRange<T> range, ArgumentResult result, string? part = null)
        where T : struct, INumber<T>
    {
        string text = result.Tokens[0].Value;
        if (T.TryParse(part ?? text, NumberStyles.Float, CultureInfo.InvariantCulture, out T number) && range.Holds(number))
            return number;
        result.AddError(part is null ? $"{name} {text}: {range.Request}." : $"{name} {text}: '{part}' is wrong; {range.Request}.");
        return default;
    }
}
