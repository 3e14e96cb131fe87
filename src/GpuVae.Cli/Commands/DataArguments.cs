using System.CommandLine;
using GpuVae.Data;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

/// <summary>The options that name images.</summary>
internal sealed class DataArguments
{
    private const int MaxImages = 10_000_000;

    private readonly Option<string?> data = CommonOptions.Text(
        "--data", "WHAT", "Images: a built-in set ("
            + string.Join("; ", BuiltInSet.All.Select(set => $"{set.Name}: {set.Description}"))
            + "), a folder of MNIST-style IDX files, one IDX file, or a folder of PNG, PNM or JPEG images whose subfolders are labels.");

    private readonly Option<string?> testData = CommonOptions.Text(
        "--test-data", "WHAT", "Images to test on; without it those that lie beside the training images, else a tenth of them.");

    private readonly Option<string[]> domains = new("--domains")
    {
        Description = "Instead of --data, two folders or more, one for each domain, which need not be paired: the model is told the domain "
            + "of every image, and 'translate' turns images of one into images of another.",
        HelpName = "FOLDER FOLDER",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string?> size = CommonOptions.Text("--size", "PIXELS", "Crop and scale every image to this size: 64 or 96x64.");

    private readonly Option<int?> channels = CommonOptions.OptionalNumber<int>(
        "--channels", "N", "1 for grey, 3 for RGB; without it what the images have.");

    private readonly Option<int?> images = CommonOptions.OptionalNumber<int>(
        "--images", "N", "How many images of a built-in set to draw for training; a tenth as many are drawn for testing. Without it "
            + string.Join(", ", BuiltInSet.All.Select(set => $"{set.DefaultCount} {set.Name}")) + ".");

    public void AddTo(Command command, bool withTestData)
    {
        command.Options.Add(data);
        if (withTestData)
        {
            command.Options.Add(testData);
            command.Options.Add(domains);
        }
        command.Options.Add(size);
        command.Options.Add(channels);
        command.Options.Add(images);
    }

    /// <summary>What the user names; the built-in set where nothing is named.</summary>
    /// <exception cref="BadInputException">A value is out of range.</exception>
    public RunData Read(ParseResult parsed, ulong seed) =>
        Override(RunData.Of(BuiltInSet.All[0].Name, seed), parsed);

    /// <summary>The data of the run, with what the user names in the place of what the run had.</summary>
    /// <exception cref="BadInputException">A value is out of range, or the run's file about its data is broken.</exception>
    public RunData Read(ParseResult parsed, RunFolder run) =>
        RunData.Read(run) is { } ofRun ? Override(ofRun, parsed) : Read(parsed, seed: 1);

    /// <summary>The images that the user names; where none are named, those that the run was tested on.</summary>
    /// <exception cref="BadInputException">The images are missing or broken.</exception>
    public ImageSet LoadTest(ParseResult parsed, RunFolder run)
    {
        RunData source = Read(parsed, run);
        return NamesData(parsed) ? source.LoadSingle() : source.LoadBoth().Test;
    }

    /// <summary>Whether the user names images.</summary>
    public bool NamesData(ParseResult parsed) => CommonOptions.IsGiven(parsed, data);

    private RunData Override(RunData source, ParseResult parsed)
    {
        // Options that a command does not have are not given there either.
        if (CommonOptions.IsGiven(parsed, data))
            source = source with { Data = parsed.GetValue(data)!, TestData = null, Images = null };
        if (CommonOptions.IsGiven(parsed, testData))
            source = source with { TestData = parsed.GetValue(testData) };
        if (CommonOptions.IsGiven(parsed, domains))
        {
            if (CommonOptions.IsGiven(parsed, data) || CommonOptions.IsGiven(parsed, testData))
                throw new BadInputException("--domains says where the images are; leave out --data and --test-data.");
            string[] folders = parsed.GetValue(domains)!;
            source = source with { Data = folders[0], TestData = null, Domains = folders };
        }
        if (CommonOptions.IsGiven(parsed, size))
            source = source with { Size = ImageSize.Parse(parsed.GetValue(size)!).ToString().Replace('×', 'x') };
        if (CommonOptions.IsGiven(parsed, channels))
            source = source with { Channels = parsed.GetValue(channels) };
        if (CommonOptions.IsGiven(parsed, images))
            source = source with { Images = parsed.GetValue(images) };
        // Written down with the run, so that another default of another version does not change its data.
        source = source with { Images = source.Images ?? BuiltInSet.Find(source.Data)?.DefaultCount };
        if (source.Images is < 2 or > MaxImages)
            throw new BadInputException($"--images {source.Images}: choose from 2 to {MaxImages}.");
        if (source.Channels is not (null or 1 or 3))
            throw new BadInputException($"--channels {source.Channels}: choose 1 (grey) or 3 (RGB).");
        return source;
    }
}
