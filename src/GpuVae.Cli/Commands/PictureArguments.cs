using GpuVae.Imaging;

namespace GpuVae.Cli.Commands;

/// <summary>The argument and the options that name the pictures a model is to work on.</summary>
internal sealed class PictureArguments
{
    private readonly Argument<string?> pictures = new("pictures")
    {
        Description = $"An image ({ImageFile.Formats}), a folder of images, a folder of MNIST-style IDX files or one IDX file; without it "
            + "the images that the model was tested on.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> fit = CommonOptions.Flag(
        "--fit", "Crop, scale and convert pictures of another size or colour to what the model takes.");

    private readonly Option<int> first = CommonOptions.Number(
        "--first", "I", "Index of the first picture to take; that of the first of all is 0.", 0, NumberRange.AtLeast(0));

    private readonly Option<long?> maxPixels = CommonOptions.MaxPixels();

    private readonly Option<int>? count;

    /// <summary>For a command that takes some of the pictures, from one on.</summary>
    public PictureArguments(int defaultCount, int maxCount) => count = CommonOptions.Number(
        "--count", "N", "How many pictures to take.", defaultCount, NumberRange.Between(1, maxCount), "-n");

    /// <summary>For a command that chooses among all pictures itself.</summary>
    public PictureArguments()
    {
    }

    public void AddTo(Command command)
    {
        command.Arguments.Add(pictures);
        if (count is not null)
        {
            command.Options.Add(first);
            command.Options.Add(count);
        }
        command.Options.Add(fit);
        command.Options.Add(maxPixels);
    }

    /// <summary>Whether the user names pictures.</summary>
    public bool AreNamed(ParseResult parsed) => parsed.GetValue(pictures) is not null;

    /// <summary>The pictures that the user names; where none are named, the first of those that the run was tested on.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="run">The model's run.</param>
    /// <param name="shape">What the model takes.</param>
    /// <param name="ofLabel">Of the run's images only those with this label.</param>
    /// <exception cref="BadInputException">The pictures are missing or broken, or do not fit the model.</exception>
    public ImageSet Load(ParseResult parsed, RunFolder run, ImageShape shape, int? ofLabel = null) =>
        Load(parsed, run, shape, ofLabel, parsed.GetValue(first), parsed.GetValue(count!));

    /// <summary>All pictures that the user names; where none are named, all that the run was tested on.</summary>
    /// <inheritdoc cref="Load(ParseResult, RunFolder, ImageShape, int?)"/>
    public ImageSet LoadAll(ParseResult parsed, RunFolder run, ImageShape shape) => Load(parsed, run, shape, null, 0, null);

    /// <summary>A picture that another option names, within the same limits.</summary>
    /// <exception cref="BadInputException">It is missing or broken.</exception>
    public Image Read(ParseResult parsed, string path) => ImageFile.Read(path, MaxPixels(parsed) ?? DataOptions.DefaultMaxPixels);

    private ImageSet Load(ParseResult parsed, RunFolder run, ImageShape shape, int? ofLabel, int from, int? most)
    {
        bool fits = parsed.GetValue(fit);
        if (parsed.GetValue(pictures) is { } spec)
        {
            var options = new DataOptions { MaxPixels = MaxPixels(parsed) ?? DataOptions.DefaultMaxPixels, First = from, Limit = most };
            return PictureInput.Load(spec, shape, fits, options);
        }
        RunData data = RunData.Read(run)
            ?? throw new BadInputException($"{run.Path} does not tell what the model was tested on. Name pictures after the command.");
        data = data with { MaxPixels = MaxPixels(parsed) ?? data.MaxPixels };
        return PictureInput.Conform(ofLabel is { } label ? OfLabel(data, label, from, most) : data.LoadTest(from, most), shape, fits);
    }

    private static ImageSet OfLabel(RunData data, int label, int from, int? most)
    {
        ImageSet images = data.LoadTest();
        int[] found = [.. Enumerable.Range(0, images.Count).Where(i => images.Labels?[i] == label)];
        int[] taken = [.. found.Skip(from).Take(most ?? found.Length)];
        return taken.Length > 0
            ? images.Select(taken)
            : throw new BadInputException($"--first {from}: of the label {label} {images.Name} has {found.Length} images.");
    }

    private long? MaxPixels(ParseResult parsed) => parsed.GetValue(maxPixels);
}
