using System.Text.Json;

namespace GpuVae.Formats;

/// <summary><see cref="VaeOptions"/> as JSON: the content of <c>config.json</c> and a part of every checkpoint.</summary>
internal static class VaeConfig
{
    public static string ToJson(VaeOptions options) => OptionsJson.Write(options, indented: true) + "\n";

    /// <exception cref="BadInputException"><paramref name="source"/> holds no valid options.</exception>
    public static VaeOptions FromJson(string json, string source)
    {
        try
        {
            VaeOptions options = OptionsJson.Read(json, new VaeOptions());
            options.Validate();
            return options;
        }
        catch (JsonException error) when (IsObject(json))
        {
            throw new BadInputException(
                $"{source} is a model file of another family, or of a newer version: {error.Message} Use what wrote it.", error);
        }
        catch (Exception error) when (error is JsonException or BadInputException)
        {
            throw new BadInputException(
                $"{source} is no valid model description: {error.Message} Train again, or restore the file.", error);
        }
    }

    private static bool IsObject(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, OptionsJson.Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
