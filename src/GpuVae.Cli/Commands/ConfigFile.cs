using System.CommandLine.Help;
using System.Text.Json;
using System.Text.Json.Nodes;
using GpuVae.Formats;

namespace GpuVae.Cli.Commands;

/// <summary>Options of a training as a JSON object: <c>{ "data": "photos", "epochs": 20, "group-norm": true }</c>.</summary>
internal static class ConfigFile
{
    /// <summary>The file of a run's folder that says what it was trained with.</summary>
    public const string OfRun = "train.json";

    private const string Flag = "--config", PrintFlag = "--print-config";

    public static Option<string?> Option() => CommonOptions.Text(
        Flag, "FILE", "Options from a JSON file, by their names without the dashes; what is given on the command line goes before it.");

    public static Option<bool> PrintOption() => CommonOptions.Flag(
        PrintFlag, "Print all options that the training would have as such a file, those that follow from the images among them, and end.");

    /// <summary>The arguments that a configuration file stands for, where the command line names one.</summary>
    /// <exception cref="BadInputException">The file is missing, no JSON object, or says what the command does not take.</exception>
    public static string[] Arguments(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (command.Options.FirstOrDefault(option => option.Name == Flag) is not Option<string?> file
            || !CommonOptions.IsGiven(parsed, file) || parsed.GetResult(file)!.Tokens.Count != 1)
            return [];
        string path = parsed.GetResult(file)!.Tokens[0].Value;
        var known = Known(command).ToDictionary(option => option.Name[2..]);
        var arguments = new List<string>();
        foreach ((string name, JsonNode? value) in Read(path))
        {
            if (!known.TryGetValue(name, out Option? option))
                throw new BadInputException($"{path}: there is no option '{name}'{Nearest.Hint(name, known.Keys)}");
            if (value is not null && !CommonOptions.IsGiven(parsed, option))
                arguments.AddRange(Texts(path, name, value, option.ValueType == typeof(string[])).Select(text => $"{option.Name}={text}"));
        }
        return [.. arguments];
    }

    /// <summary>Options of the command with their values; null where there is none.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="ofOneRun">Flags to be left out.</param>
    /// <param name="settled">Those that do not follow from the command line alone, by flags.</param>
    public static JsonObject Of(ParseResult parsed, string[] ofOneRun, IEnumerable<KeyValuePair<string, object?>> settled)
    {
        var known = settled.ToDictionary();
        var all = new JsonObject();
        foreach (Option option in Known(parsed.CommandResult.Command).Where(option => !ofOneRun.Contains(option.Name)))
        {
            object? value = known.TryGetValue(option.Name, out object? of) ? of : parsed.GetResult(option)?.GetValueOrDefault<object?>();
            all[option.Name[2..]] = value switch
            {
                null or string[] { Length: 0 } => null,
                Enum choice => CommonOptions.Kebab(choice.ToString()),
                // The serialiser would be compiled for each of these anew.
                bool truth => truth,
                int number => number,
                ulong number => number,
                double number => number,
                string text => text,
                _ => JsonSerializer.SerializeToNode(value, value.GetType()),
            };
        }
        return all;
    }

    private static IEnumerable<Option> Known(Command command) =>
        command.Options.Where(option => option is not HelpOption && option.Name is not (Flag or PrintFlag));

    private static JsonObject Read(string path)
    {
        string text = InputFile.ReadAllText(path);
        try
        {
            return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions
            {
                AllowDuplicateProperties = false,
                AllowTrailingCommas = true,
                CommentHandling = JsonCommentHandling.Skip,
            }) as JsonObject ?? throw new JsonException("it holds no object.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new BadInputException(
                $"{path} is no file of options: {error.Message} Write an object such as {{ \"epochs\": 20 }}; "
                + "'gpuvae train --print-config' prints one.", error);
        }
    }

    private static IEnumerable<string> Texts(string path, string name, JsonNode value, bool isSeveral) => value switch
    {
        JsonArray items when isSeveral => items.Select(item => Text(path, name, item)),
        JsonArray items => [string.Join(',', items.Select(item => Text(path, name, item)))],
        _ => [Text(path, name, value)],
    };

    private static string Text(string path, string name, JsonNode? value) => value switch
    {
        JsonValue text when text.GetValueKind() == JsonValueKind.String => text.GetValue<string>(),
        JsonValue number => number.ToJsonString(),
        _ => throw new BadInputException($"{path}: the value of '{name}' is neither a word, a number, true, false nor a list of these."),
    };
}
