namespace GpuVae.Cli.Commands;

/// <summary>The options that name images.</summary>
internal sealed class DataArguments
{
    public const int LeastImages = 2, MaxImages = 10_000_000;

    private readonly Option<string?> data = CommonOptions.Text(
        "--data", "WHAT", "Images: a built-in set ("
            + string.Join("; ", BuiltInSet.All.Select(set => $"{set.Name}: {set.Description}"))
            + "), a folder of MNIST-style IDX files, one IDX file, a folder or archive (zip, tar) of images whose subfolders are labels, "
            + "CIFAR's binary files, .npy, .npz, .csv or .parquet.");

    private readonly Option<string?> testData = CommonOptions.Text(
        "--test-data", "WHAT", "Images to test on; without it those that lie beside the training images, else a tenth of them.");

    private readonly Option<double?> testSplit = CommonOptions.OptionalNumber(
        "--test-split", "SHARE", "Take this share of the training images for testing, of each label as many as its share, drawn by --seed.",
        NumberRange.Between(0.0001, 0.9999));

    private readonly Option<double?> validationSplit = CommonOptions.OptionalNumber(
        "--validation-split", "SHARE", "Take this share of the training images to choose the best epoch by, so that the test images have "
            + "no part in it.", NumberRange.Between(0.0001, 0.9999));

    private readonly Option<bool> stream = CommonOptions.Flag(
        "--stream", "Read images from the disk as they are needed, of any number, instead of taking all into memory.");

    private readonly Option<string[]> domains = new("--domains")
    {
        Description = "Instead of --data, two folders or more, one for each domain, which need not be paired: the model is told the domain "
            + "of every image, and 'translate' turns images of one into images of another.",
        HelpName = "FOLDER FOLDER",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string?> size = CommonOptions.Text(
        "--size", "PIXELS", "Crop and scale every image to this size, width x height or one side: 96x64 or 64. Sides from 1 to 4096.");

    private readonly Option<int?> channels = CommonOptions.OptionalNumber(
        "--channels", "N", "Turn the images into grey ones (1) or RGB (3); without it they stay as they are.", NumberRange.OneOf(1, 3));

    private readonly Option<int?> images = CommonOptions.OptionalNumber(
        "--images", "N", "How many images of a built-in set to draw for training; a tenth as many are drawn for testing. Without it "
            + string.Join(", ", BuiltInSet.All.Select(set => $"{set.DefaultCount} {set.Name}")) + ".",
        NumberRange.Between(LeastImages, MaxImages));

    private readonly Option<long?> maxPixels = CommonOptions.MaxPixels();

    public void AddTo(ExampleCommand command, bool withTestData)
    {
        Option[] all = withTestData
            ? [data, testData, testSplit, validationSplit, stream, domains, size, channels, images, maxPixels]
            : [data, size, channels, images, maxPixels];
        command.Add("Images", all);
    }

    /// <summary>What the user names; the built-in set where nothing is named.</summary>
    /// <exception cref="BadInputException">A value is out of range.</exception>
    public RunData Read(ParseResult parsed, ulong seed) =>
        Override(RunData.Of(BuiltInSet.All[0].Name, seed), parsed);

    /// <summary>What the user names without a flag, or with it.</summary>
    /// <exception cref="BadInputException">A value is out of range, or both ways are used.</exception>
    public RunData Read(ParseResult parsed, string? path)
    {
        if (path is not null && (NamesData(parsed) || CommonOptions.IsGiven(parsed, domains)))
            throw new BadInputException($"{path} and {data.Name} or {domains.Name} both say which images are meant; give one.");
        return Override(RunData.Of(path ?? BuiltInSet.All[0].Name), parsed);
    }

    /// <summary>The data of the run, with what the user names in the place of what the run had.</summary>
    /// <exception cref="BadInputException">A value is out of range, or the run's file about its data is broken.</exception>
    public RunData Read(ParseResult parsed, RunFolder run) =>
        RunData.Read(run) is { } ofRun ? Override(ofRun, parsed) : Read(parsed, seed: 1);

    /// <summary>The images that the user names; where none are named, those that the run was tested on.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="run">Which run.</param>
    /// <param name="limit">At most so many, the first ones; null for all.</param>
    /// <exception cref="BadInputException">The images are missing or broken.</exception>
    public ImageSet LoadTest(ParseResult parsed, RunFolder run, int? limit)
    {
        RunData source = Read(parsed, run);
        return NamesData(parsed) ? source.LoadSingle(limit) : source.LoadTest(limit: limit);
    }

    /// <summary>Whether the user names images.</summary>
    public bool NamesData(ParseResult parsed) => CommonOptions.IsGiven(parsed, data);

    private RunData Override(RunData source, ParseResult parsed)
    {
        // Options that a command does not have are not given there either.
        bool Given(Option option) => CommonOptions.IsGiven(parsed, option);
        if (Given(testData) && Given(testSplit))
            throw new BadInputException("--test-data and --test-split both say where the test images are; leave one of them out.");
        if ((Given(domains) || source.Domains is not null) && Given(stream))
            throw new BadInputException("--stream is for --data; the images of --domains are taken into memory. Leave it out.");
        if (Given(domains) && (Given(data) || Given(testData)))
            throw new BadInputException("--domains says where the images are; leave out --data and --test-data.");
        if (Given(data))
            source = source with { Data = parsed.GetValue(data)!, TestData = null, Images = null };
        if (Given(testData))
            source = source with { TestData = parsed.GetValue(testData) };
        if (parsed.GetValue(domains) is { Length: > 0 } folders)
            source = source with { Data = folders[0], TestData = null, Domains = folders };
        if (parsed.GetValue(images) is not null && (source.Domains ?? [source.Data]).All(spec => BuiltInSet.Find(spec) is null))
            throw new BadInputException($"--images is for built-in sets, which {source.Title} is not. Leave it out.");
        return source with
        {
            Size = parsed.GetValue(size) is { } sides ? ImageSize.Parse(sides).ToString().Replace('×', 'x') : source.Size,
            Channels = parsed.GetValue(channels) ?? source.Channels,
            MaxPixels = parsed.GetValue(maxPixels) ?? source.MaxPixels,
            TestSplit = Given(testSplit) ? parsed.GetValue(testSplit) : Given(testData) ? null : source.TestSplit,
            ValidationSplit = Given(validationSplit) ? parsed.GetValue(validationSplit) : source.ValidationSplit,
            IsStreamed = Given(stream) ? parsed.GetValue(stream) : source.IsStreamed,
            // Written down with the run, so that another default of another version does not change its data.
            Images = parsed.GetValue(images) ?? source.Images ?? BuiltInSet.Find(source.Data)?.DefaultCount,
        };
    }
}
