using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text;
using System.Text.Json;

namespace GpuVae.Formats;

/// <summary>
/// A record of options as JSON, names in camel case; what a text leaves out, as one of an older version does, keeps its default.
/// </summary>
/// <remarks>
/// By reflection over the few kinds of values that options have: a generated serialiser would have the runtime compile several hundred
/// generic methods before the first picture, a tenth of the time that a command takes.
/// </remarks>
internal static class OptionsJson
{
    /// <summary>Which of two values is meant cannot be told.</summary>
    public static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Characters of an option and its value that a message shows; files of others may hold megabytes.</summary>
    private const int MostShown = 80;

    /// <summary>All options, also those at their defaults.</summary>
    public static string Write<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(T options, bool indented)
        where T : class
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = indented }))
            WriteObject(writer, typeof(T), options);
        return Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    /// <exception cref="JsonException">
    /// The text is no JSON object, says something twice, or holds what <typeparamref name="T"/> does not take.
    /// </exception>
    public static T Read<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(string json, T defaults)
        where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            ReadObject(document.RootElement, typeof(T), defaults);
            return defaults;
        }
        catch (InvalidOperationException error)
        {
            // A name that is half a surrogate pair cannot be compared with the others.
            throw new JsonException(error.Message, error);
        }
    }

    private static IEnumerable<PropertyInfo> PropertiesOf(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);

    private static string NameOf(PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private static void WriteObject(
        Utf8JsonWriter writer, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type, object options)
    {
        writer.WriteStartObject();
        foreach (PropertyInfo property in PropertiesOf(type))
        {
            writer.WritePropertyName(NameOf(property));
            WriteValue(writer, property.GetValue(options));
        }
        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool truth:
                writer.WriteBooleanValue(truth);
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            case ulong number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            case string or Enum:
                writer.WriteStringValue(value.ToString());
                break;
            case ImageShape:
                WriteObject(writer, typeof(ImageShape), value);
                break;
            case OwnParts:
                WriteObject(writer, typeof(OwnParts), value);
                break;
            case AdversarialOptions:
                WriteObject(writer, typeof(AdversarialOptions), value);
                break;
            case PerceptualOptions:
                WriteObject(writer, typeof(PerceptualOptions), value);
                break;
            case IEnumerable items:
                writer.WriteStartArray();
                foreach (object? item in items)
                    WriteValue(writer, item);
                writer.WriteEndArray();
                break;
            default:
                throw new NotSupportedException($"Options hold no {value.GetType()}.");
        }
    }

    private static void ReadObject(
        JsonElement json, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type, object options)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new JsonException("It is no JSON object.");
        var properties = PropertiesOf(type).ToDictionary(NameOf);
        foreach (JsonProperty given in json.EnumerateObject())
        {
            try
            {
                if (!properties.TryGetValue(given.Name, out PropertyInfo? property))
                    throw new JsonException("nothing of this name is known");
                if (given.Value.ValueKind == JsonValueKind.Null && property.GetValue(options) is not null)
                    throw new JsonException("it is null");
                property.SetValue(options, ReadValue(given.Value, property.PropertyType));
            }
            catch (Exception error) when (error is InvalidOperationException or FormatException or JsonException)
            {
                // Half of a surrogate pair is found where a text is unescaped only, in the name as well.
                string shown = given.ToString();
                if (shown.Length > MostShown)
                    shown = shown[..MostShown] + "…";
                throw new JsonException($"The option {shown} cannot be read: {error.Message.TrimEnd('.')}.", error);
            }
        }
    }

    private static object? ReadValue(JsonElement json, Type type) => type switch
    {
        _ when json.ValueKind == JsonValueKind.Null => null,
        _ when type == typeof(bool) => json.GetBoolean(),
        _ when type == typeof(int) => json.GetInt32(),
        _ when type == typeof(ulong) => json.GetUInt64(),
        _ when type == typeof(double) => json.GetDouble(),
        _ when type == typeof(string) => json.GetString(),
        _ when type == typeof(IReadOnlyList<int>) => json.EnumerateArray().Select(item => item.GetInt32()).ToArray(),
        _ when type == typeof(IReadOnlyList<string>) =>
            json.EnumerateArray().Select(item => item.GetString() ?? throw new JsonException("a text is null")).ToArray(),
        _ when type == typeof(ImageShape) => Filled(json, typeof(ImageShape), new ImageShape(1, 1)),
        _ when type == typeof(OwnParts) => Filled(json, typeof(OwnParts), new OwnParts()),
        _ when type == typeof(AdversarialOptions) => Filled(json, typeof(AdversarialOptions), new AdversarialOptions()),
        _ when type == typeof(PerceptualOptions) => Filled(json, typeof(PerceptualOptions), new PerceptualOptions()),
        _ when type.IsEnum => Enum.TryParse(type, json.GetString(), out object? value) && Enum.IsDefined(type, value)
            ? value
            : throw new JsonException($"\"{json.GetString()}\" is none of {string.Join(", ", Enum.GetNames(type))}"),
        _ => throw new NotSupportedException($"Options hold no {type}."),
    };

    private static object Filled(
        JsonElement json, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type, object defaults)
    {
        ReadObject(json, type, defaults);
        return defaults;
    }
}
