using System.Text.Json;
using System.Text.Json.Serialization;
using GpuVae.Formats;

namespace GpuVae.Cli.Commands;

/// <summary>A small JSON file of a run's folder.</summary>
internal static class RunFile
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        Converters = { new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false) },
    };

    /// <summary>As it would be written.</summary>
    public static string Text<T>(T value) => JsonSerializer.Serialize(value, Format);

    public static void Write<T>(RunFolder folder, string name, T value) =>
        AtomicFile.Write(Path.Combine(folder.Path, name), stream => JsonSerializer.Serialize(stream, value, Format));

    /// <summary>The same as text, for the metadata of weights.</summary>
    public static string ToText<T>(T value) => JsonSerializer.Serialize(value, Format);

    /// <summary>Null where there is no such file.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="name">Of the file.</param>
    /// <param name="advice">What to do where it is broken, a sentence.</param>
    /// <param name="check">Throws where what was read cannot be.</param>
    /// <exception cref="BadInputException">The file is broken.</exception>
    public static T? Read<T>(RunFolder folder, string name, string advice, Action<T>? check = null)
        where T : class
    {
        string path = Path.Combine(folder.Path, name);
        if (!Path.Exists(path))
            return null;
        return Parse(InputFile.ReadAllText(path), path, advice, check);
    }

    /// <summary>What <see cref="ToText"/> gave.</summary>
    /// <exception cref="BadInputException">The text is broken.</exception>
    public static T Parse<T>(string text, string path, string advice, Action<T>? check = null)
        where T : class
    {
        try
        {
            T value = JsonSerializer.Deserialize<T>(text, Format) ?? throw new JsonException("It holds nothing.");
            check?.Invoke(value);
            return value;
        }
        catch (Exception error) when (error is JsonException or BadInputException)
        {
            throw new BadInputException($"{path} is broken: {error.Message} {advice}", error);
        }
    }
}
