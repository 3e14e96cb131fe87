using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using GpuVae.Formats;
using GpuVae.Imaging;
using GpuVae.Options;

namespace GpuVae.Cli.Commands;

/// <summary>Options that several commands share, and how options are read.</summary>
internal static class CommonOptions
{
    public static Option<ulong> Seed() => Number(
        "--seed", "N", "Everything random follows from it; the same seed gives the same result.", 1UL,
        NumberRange.Between(0UL, ulong.MaxValue));

    /// <summary>
    /// Where to write a picture, or with <paramref name="files"/> the folder of many. What no picture can be written to is refused before
    /// anything is computed.
    /// </summary>
    public static Option<string?> PictureOut(string nameWithoutIt, Option<bool>? files = null)
    {
        string folder = files is null ? "" : $", or with {files.Name} the folder";
        Option<string?> option = Text(
            "--out", "PATH", $"The picture to write (PNG, PNM or JPEG by its extension){folder}. Without it {nameWithoutIt}.", "-o");
        RefuseWhere(option, (result, path) =>
        {
            if (files is not null && result.GetValue(files))
                AtomicFile.RequireWritable(Path.Combine(path, "0.png"));
            else
                ImageFile.RequireWritable(path);
        });
        return option;
    }

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
            result.AddError($"{option.Name}: {error.Message}");
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

    private static T ParseNumber<T>(string name, NumberRange<T> range, ArgumentResult result)
        where T : struct, INumber<T>
    {
        string text = result.Tokens[0].Value;
        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out T number) && range.Holds(number))
            return number;
        result.AddError($"{name} {text}: {range.Request}.");
        return default;
    }
}
