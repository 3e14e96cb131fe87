using GpuVae.Imaging;

namespace GpuVae.Cli.Commands;

/// <summary>Fills hidden parts of pictures.</summary>
internal sealed class InpaintCommand
{
    private const int MaxCount = 256, MaxSamples = 64, MaxSteps = 100_000;

    private readonly Option<string?> mask = CommonOptions.Text(
        "--mask", "FILE", "A picture of the images' size: white is hidden, or, where it has transparent pixels, these are.");

    private readonly Option<int[]> rectangle = CommonOptions.Numbers(
        "--rect", "X,Y,W,H", "Hide this rectangle, in pixels: left, top, width, height.", NumberRange.AtLeast(int.MinValue));

    private readonly Option<string?> half = new("--half")
    {
        Description = "Hide a half.",
        HelpName = string.Join('|', Enum.GetNames<ImageHalf>()).ToLowerInvariant(),
    };

    private readonly Option<double?> random = CommonOptions.OptionalNumber(
        "--random", "P", "Hide each pixel with this probability.",
        new NumberRange<double>(p => p is > 0 and <= 1, "a probability ", "above 0, up to 1"));

    private readonly Option<ulong> seed = CommonOptions.Seed();

    public static Command Create() => new InpaintCommand().CreateCommand();

    private ExampleCommand CreateCommand()
    {
        var pictures = new PictureArguments(defaultCount: 4, MaxCount);
        Option<int> samples = CommonOptions.Number(
            "--samples", "N", "How many different completions to draw of each picture, beside the most probable one.", 4,
            NumberRange.Between(1, MaxSamples));
        Option<int> steps = CommonOptions.Number(
            "--steps", "N", "Langevin steps to a sample; the most probable completion takes half as many steps down.",
            new InpaintingOptions().SamplingSteps, NumberRange.Between(1, MaxSteps));
        var output = new PictureOutput("inpainted");
        var labels = new LabelArguments();
        var codePrior = new CodePriorArguments();
        var command = new ExampleCommand(
            "inpaint", "Fills hidden parts of pictures: original, what is seen, the most probable completion, and several drawn ones.",
            "gpuvae inpaint --half lower",
            "gpuvae inpaint photo.png --fit --mask hole.png --samples 8 --out filled.png",
            "gpuvae inpaint --rect 8,8,12,12 --first 20 --count 6",
            "gpuvae inpaint --half lower --count 1 --label 7",
            "gpuvae inpaint --random 0.7")
        {
            mask, rectangle, half, random, samples, steps, seed,
        };
        output.AddTo(command);
        pictures.AddTo(command);
        labels.AddTo(command);
        codePrior.AddTo(command);
        new RunArguments().Act(command, (parsed, folder, model) =>
        {
            ImageShape shape = model.Options.Shape;
            Mask hidden = ReadMask(parsed, pictures, shape);
            ImageSet loaded = pictures.Load(parsed, folder, shape);
            float[] images = PictureInput.Rows(loaded);
            if (codePrior.Load(parsed, folder, model) is { } prior)
            {
                using GridPrior opened = prior;
                float[] completed = GridInpainting.Sample(
                    prior, images, hidden, parsed.GetValue(samples), parsed.GetValue(seed), labels.Read(parsed, prior, loaded));
                output.Write(parsed, shape, Pictures.Rows(
                    shape, ("original", images), ("seen", hidden.Show(images, shape)), ("drawn", completed)));
                return;
            }
            int[] known = labels.Read(parsed, model, loaded);
            int sampling = parsed.GetValue(steps);
            var options = new InpaintingOptions
            {
                Seed = parsed.GetValue(seed),
                SamplingSteps = sampling,
                DescentSteps = (sampling + 1) / 2,
            };
            float[] probable = Inpainting.Complete(model, images, hidden, options, labels: known);
            float[] drawn = Inpainting.Sample(
                model, images, hidden, parsed.GetValue(samples), options,
                done => Console.WriteLine($"completed {done} of {loaded.Count} pictures"), known);
            output.Write(parsed, shape, Pictures.Rows(
                shape, ("original", images), ("seen", hidden.Show(images, shape)), ("probable", probable), ("drawn", drawn)));
        });
        return command;
    }

    private Mask ReadMask(ParseResult parsed, PictureArguments pictures, ImageShape shape)
    {
        Option[] masks = [mask, rectangle, half, random];
        if (masks.Count(option => CommonOptions.IsGiven(parsed, option)) != 1)
            throw new BadInputException("Say what is hidden by one of --mask, --rect, --half and --random.");
        if (parsed.GetValue(mask) is { } file)
        {
            Image picture = pictures.Read(parsed, file);
            return (picture.Width, picture.Height) == (shape.Width, shape.Height)
                ? Mask.FromImage(picture)
                : throw new BadInputException(
                    $"{file} has {picture.Width}×{picture.Height} pixels, the model's images have {shape.Width}×{shape.Height}. "
                    + "Scale the mask to that size.");
        }
        if (parsed.GetValue(rectangle) is { Length: > 0 } sides)
        {
            string text = $"--rect {string.Join(',', sides)}";
            if (sides.Length != 4 || sides[2] < 1 || sides[3] < 1)
                throw new BadInputException($"{text}: give left, top, width and height in pixels, such as 8,8,12,12.");
            var hidden = Mask.Rectangle(shape.Width, shape.Height, sides[0], sides[1], sides[2], sides[3]);
            return hidden.HiddenCount > 0
                ? hidden
                : throw new BadInputException(
                    $"{text} lies outside the images, which have {shape.Width}×{shape.Height} pixels, so it hides nothing.");
        }
        if (parsed.GetValue(half) is { } name)
        {
            return Enum.TryParse(name, ignoreCase: true, out ImageHalf which) && Enum.IsDefined(which) && !char.IsDigit(name[0])
                ? Mask.Half(shape.Width, shape.Height, which)
                : throw new BadInputException($"--half {name}: choose one of {half.HelpName!.Replace("|", ", ")}.");
        }
        return Mask.Random(shape.Width, shape.Height, parsed.GetValue(random)!.Value, parsed.GetValue(seed));
    }
}
