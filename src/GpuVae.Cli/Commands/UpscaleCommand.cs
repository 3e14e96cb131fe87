namespace GpuVae.Cli.Commands;

/// <summary>Enlarges pictures.</summary>
internal static class UpscaleCommand
{
    private const int MaxCount = 10_000, MaxSteps = 100_000;

    public static Command Create()
    {
        var pictures = new PictureArguments(defaultCount: 8, MaxCount);
        Option<int> factor = CommonOptions.Number("--factor", "N", "How many times as wide and as high.", 4, NumberRange.OneOf(2, 4));
        Option<int> steps = CommonOptions.Number(
            "--steps", "N", "Gradient steps on the codes.", new UpscalingOptions().Steps, NumberRange.Between(0, MaxSteps));
        var output = new PictureOutput("upscaled", "each enlarged picture", "all into one comparison");
        var labels = new LabelArguments();
        var command = new ExampleCommand(
            "upscale", "Enlarges small pictures to the size of the model's: input, bicubic, enlarged; without pictures, test images "
            + "are reduced first and shown last.",
            "gpuvae upscale",
            "gpuvae upscale thumbnails --factor 2 --files --out large",
            "gpuvae upscale small.png --fit --run runs/faces --out large.png");
        pictures.AddTo(command);
        command.Options.Add(factor);
        command.Options.Add(steps);
        output.AddTo(command);
        labels.AddTo(command);
        new RunArguments().Act(command, (parsed, folder, model) =>
        {
            int times = parsed.GetValue(factor);
            ImageShape shape = model.Options.Shape, smallShape = Upscaling.SmallShape(shape, times);
            bool hasOriginals = !pictures.AreNamed(parsed);
            ImageSet loaded = pictures.Load(parsed, folder, hasOriginals ? shape : smallShape);
            int[] known = labels.Read(parsed, model, loaded);
            float[] given = PictureInput.Rows(loaded), small = hasOriginals ? Enlargement.Reduce(given, shape, times) : given;
            float[] large = Upscaling.Enlarge(
                model, small, times, new UpscalingOptions { Steps = parsed.GetValue(steps) },
                done => Console.WriteLine($"enlarged {done} of {loaded.Count} pictures"), known);
            output.Write(parsed, shape, large, () => Pictures.Rows(
                shape,
                [
                    ("input", Enlargement.Repeat(small, smallShape, times)), ("bicubic", Enlargement.Bicubic(small, smallShape, times)),
                    ("model", large), .. hasOriginals ? ((string, float[])[])[("original", given)] : [],
                ]));
        });
        return command;
    }
}
