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
    }

    /// <summary>Whether the user names pictures.</summary>
    public bool AreNamed(ParseResult parsed) => parsed.GetValue(pictures) is not null;

    /// <summary>The pictures that the user names; where none are named, the first of those that the run was tested on.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="run">The model's run.</param>
    /// <param name="shape">What the model takes.</param>
    /// <param name="ofLabel">Of the run's images only those with this label.</param>
    /// <exception cref="BadInputException">The pictures are missing or broken, or do not fit the model.</exception>
    public ImageSet Load(ParseResult parsed, RunFolder run, ImageShape shape, int? ofLabel = null)
    {
        int from = parsed.GetValue(first), wanted = parsed.GetValue(count!);
        ImageSet images = LoadAll(parsed, run, shape, ofLabel);
        if (from >= images.Count)
            throw new BadInputException($"--first {from}: {images.Name} has the images 0 to {images.Count - 1}.");
        return images.Select([.. Enumerable.Range(from, Math.Min(wanted, images.Count - from))]);
    }

    /// <summary>All pictures that the user names; where none are named, all that the run was tested on.</summary>
    /// <inheritdoc cref="Load"/>
    public ImageSet LoadAll(ParseResult parsed, RunFolder run, ImageShape shape, int? ofLabel = null) =>
        parsed.GetValue(pictures) is { } spec
            ? PictureInput.Load(spec, shape, parsed.GetValue(fit))
            : PictureInput.Conform(OfRun(run, ofLabel), shape, parsed.GetValue(fit));

    private static ImageSet OfRun(RunFolder run, int? label)
    {
        ImageSet images = RunData.Read(run)?.LoadBoth().Test
            ?? throw new BadInputException($"{run.Path} does not tell what the model was tested on. Name pictures after the command.");
        return label is null ? images : images.Select([.. Enumerable.Range(0, images.Count).Where(i => images.Labels?[i] == label)]);
    }
}
