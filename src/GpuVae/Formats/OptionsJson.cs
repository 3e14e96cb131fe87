using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace GpuVae.Formats;

/// <summary>Options as JSON, also of an older version: what the text leaves out keeps its default.</summary>
/// <remarks>
/// A record with init-only properties is made by its generated reader from all of them at once, with zeros for those that are missing.
/// Hence the defaults are put under the text before it is read.
/// </remarks>
internal static class OptionsJson
{
    /// <summary>Which of two values is meant cannot be told.</summary>
    public static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="JsonException">
    /// The text is no JSON object, says something twice, or holds what <typeparamref name="T"/> does not take.
    /// </exception>
    public static T Read<T>(string json, T defaults, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            var parsed = JsonNode.Parse(json, documentOptions: Strict);
            JsonObject given = parsed as JsonObject ?? throw new JsonException("It is no JSON object.");
            JsonObject all = JsonSerializer.SerializeToNode(defaults, type)!.AsObject();
            foreach ((string name, JsonNode? value) in given)
                all[name] = value?.DeepClone();
            return all.Deserialize(type)!;
        }
        catch (InvalidOperationException error)
        {
            // Half of a surrogate pair is found where the text is unescaped only.
            throw new JsonException(error.Message, error);
        }
    }
}
