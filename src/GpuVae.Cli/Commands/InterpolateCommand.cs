namespace GpuVae.Cli.Commands;

internal static class InterpolateCommand
{
    private const int MaxSteps = 1000, MostInARow = 20;

    public static Command Create()
    {
        var pictures = new PictureArguments();
        Option<int> from = CommonOptions.Number("--from", "I", "Index of the picture to start from.", 0, NumberRange.AtLeast(0));
        Option<int> to = CommonOptions.Number("--to", "I", "Index of the picture to end with.", 1, NumberRange.AtLeast(0));
        Option<int> steps = CommonOptions.Number(
            "--steps", "N", "Pictures of the way, both ends included.", 12, NumberRange.Between(2, MaxSteps), "-n");
        var output = new PictureOutput("interpolation");
        var command = new ExampleCommand(
            "interpolate", "Walks through the latent space from one image to another, along a great circle (slerp).",
            "gpuvae interpolate",
            "gpuvae interpolate --run runs/digits --from 3 --to 17 --steps 20 --out walk.png",
            "gpuvae interpolate portraits --fit --from 0 --to 1")
        {
            from, to, steps,
        };
        output.AddTo(command);
        pictures.AddTo(command);
        new RunArguments().Act(command, (parsed, folder, model) =>
        {
            int count = parsed.GetValue(steps);
            ImageSet images = LabelGuess.Complete(model, pictures.LoadAll(parsed, folder, model.Options.Shape));
            float[] path = Interpolation.Path(Code(from), Code(to), count);
            // A conditional model shows the class of the first image on the whole way.
            float[] way = Pictures.Decode(model, path, images.Labels?[parsed.GetValue(from)]);
            output.Write(parsed, model.Options.Shape, count > MostInARow ? new Sheet(way) : new Sheet(way, count)
            {
                ColumnNames = [.. Enumerable.Range(0, count).Select(i => $"{100 * i / (count - 1)}%")],
            });

            float[] Code(Option<int> option)
            {
                int index = parsed.GetValue(option);
                return index < images.Count
                    ? LatentCodes.Means(model, images.Select([index]))
                    : throw new BadInputException($"{option.Name} {index}: {images.Name} has the images 0 to {images.Count - 1}.");
            }
        });
        return command;
    }
}
