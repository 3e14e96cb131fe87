using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace GpuVae.Studio;

/// <summary>How requests are read: what is missing, unknown or said twice is refused rather than guessed.</summary>
internal static class StudioJson
{
    public static JsonSerializerOptions Options { get; } = Strict(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static JsonSerializerOptions Strict(JsonSerializerOptions options)
    {
        // ASP.NET's own leaves < as it is.
        options.Encoder = JavaScriptEncoder.Default;
        options.AllowDuplicateProperties = false;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.Converters.Add(new JsonStringEnumConverter());
        return options;
    }
}
