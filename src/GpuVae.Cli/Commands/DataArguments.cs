using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using GpuVae.Data;
using GpuVae.Formats;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

/// <summary>What a run was trained on. Kept in its folder, so that later commands need not be told again.</summary>
internal sealed partial record RunData(string Data, string? TestData, string? Size, int? Channels, int Images, ulong Seed)
{
    private const string FileName = "data.json";

    public DataSets LoadBoth() => DataSource.Load(Data, Options);

    public ImageSet LoadTest() => DataSource.LoadSingle(TestData ?? Data, Options);

    public void Write(RunFolder folder) => AtomicFile.Write(
        Path.Combine(folder.Path, FileName), stream => JsonSerializer.Serialize(stream, this, Json.Default.RunData));

    /// <summary>The data of a run, or null where its folder does not tell.</summary>
    /// <exception cref="BadInputException">The file is broken.</exception>
    public static RunData? Read(RunFolder folder)
    {
        string path = Path.Combine(folder.Path, FileName);
        if (!File.Exists(path))
            return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), Json.Default.RunData);
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path} is broken: {e.Message} Delete it and name the data with --data.", e);
        }
    }

    private DataOptions Options => new()
    {
        Size = Size is null ? null : ImageSize.Parse(Size),
        Channels = Channels,
        Seed = Seed,
        SyntheticCount = Images,
        TestSpec = TestData,
    };

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(RunData))]
    private sealed partial class Json : JsonSerializerContext;
}

/// <summary>The options that name images.</summary>
internal sealed class DataArguments
{
    private readonly Option<string?> data = new("--data")
    {
        Description = "Images: 'digits' (built in, the default), a folder of MNIST-style IDX files, one IDX file, or a folder of PNG, PNM or JPEG "
            + "images whose subfolders are labels.",
        HelpName = "WHAT",
    };

    private readonly Option<string?> testData = new("--test-data")
    {
        Description = "Images to test on; without it those that lie beside the training images, else a tenth of them.",
        HelpName = "WHAT",
    };

    private readonly Option<string?> size = new("--size")
    {
        Description = "Crop and scale every image to this size: 64 or 96x64.",
        HelpName = "PIXELS",
    };

    private readonly Option<int?> channels = new("--channels")
    {
        Description = "1 for grey, 3 for RGB; without it what the images have.",
        HelpName = "N",
    };

    private readonly Option<int> images = new("--images")
    {
        Description = "How many images of the built-in set to draw for training; a tenth as many are drawn for testing.",
        HelpName = "N",
        DefaultValueFactory = _ => new DataOptions().SyntheticCount,
    };

    public void AddTo(Command command, bool withTestData)
    {
        command.Options.Add(data);
        if (withTestData)
            command.Options.Add(testData);
        command.Options.Add(size);
        command.Options.Add(channels);
        command.Options.Add(images);
    }

    public RunData Read(ParseResult parsed, ulong seed)
    {
        int count = parsed.GetValue(images);
        if (count is < 2 or > 10_000_000)
            throw new BadInputException($"--images {count}: choose from 2 to 10000000.");
        if (parsed.GetValue(channels) is not (null or 1 or 3))
            throw new BadInputException($"--channels {parsed.GetValue(channels)}: choose 1 (grey) or 3 (RGB).");
        bool hasTestData = parsed.CommandResult.Command.Options.Contains(testData);
        return new RunData(
            parsed.GetValue(data) ?? "digits", hasTestData ? parsed.GetValue(testData) : null, parsed.GetValue(size), parsed.GetValue(channels),
            count, seed);
    }

    /// <summary>The data that the user names, else that of the run, else the built-in set.</summary>
    public RunData Read(ParseResult parsed, RunFolder run) =>
        parsed.GetValue(data) is null && RunData.Read(run) is { } ofRun ? ofRun : Read(parsed, seed: 1);
}
