using System.Text.Json;
using System.Text.Json.Serialization;
using GpuVae.Data;
using GpuVae.Formats;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

/// <summary>What a run was trained on. Kept in its folder, so that later commands need not be told again.</summary>
internal sealed partial record RunData(string Data, string? TestData, string? Size, int? Channels, int? Images, ulong Seed)
{
    private const string FileName = "data.json";

    /// <summary>Images as they are, from <paramref name="data"/>.</summary>
    public static RunData Of(string data, ulong seed = 1) => new(data, null, null, null, null, seed);

    public DataSets LoadBoth() => DataSource.Load(Data, Options);

    /// <summary>All images that <see cref="Data"/> names, or where there is a test part beside them, that part.</summary>
    public ImageSet LoadSingle() => DataSource.LoadSingle(Data, Options);

    /// <summary>Paths become absolute ones, so that the run can be used from any working directory.</summary>
    public void Write(RunFolder folder)
    {
        RunData absolute = this with
        {
            Data = Absolute(Data),
            TestData = TestData is null ? null : Absolute(TestData),
        };
        AtomicFile.Write(
            Path.Combine(folder.Path, FileName), stream => JsonSerializer.Serialize(stream, absolute, DataJson.Default.RunData));
    }

    /// <summary>The data of a run, or null where its folder does not tell.</summary>
    /// <exception cref="BadInputException">The file is broken.</exception>
    public static RunData? Read(RunFolder folder)
    {
        string path = Path.Combine(folder.Path, FileName);
        if (!File.Exists(path))
            return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), DataJson.Default.RunData);
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path} is broken: {e.Message} Delete it and name the data with --data.", e);
        }
    }

    private static string Absolute(string data) => BuiltInSet.Find(data) is null ? Path.GetFullPath(data) : data;

    private DataOptions Options => new()
    {
        Size = Size is null ? null : ImageSize.Parse(Size),
        Channels = Channels,
        Seed = Seed,
        SyntheticCount = Images,
        TestSpec = TestData,
    };

    [JsonSourceGenerationOptions(
        WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true)]
    [JsonSerializable(typeof(RunData))]
    private sealed partial class DataJson : JsonSerializerContext;
}
