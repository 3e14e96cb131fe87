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
        Converters = { new JsonStringEnumConverter() },
    };

    public static void Write<T>(RunFolder folder, string name, T value) =>
        AtomicFile.Write(Path.Combine(folder.Path, name), stream => JsonSerializer.Serialize(stream, value, Format));

    /// <summary>Null where there is no such file.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="name">Of the file.</param>
    /// <param name="advice">What to do where it is broken, a sentence.</param>
    /// <exception cref="BadInputException">The file is broken.</exception>
    public static T? Read<T>(RunFolder folder, string name, string advice)
        where T : class
    {
        string path = Path.Combine(folder.Path, name);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<T>(File.ReadAllText(path), Format) : null;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} is broken: {error.Message} {advice}", error);
        }
    }
}
