namespace GpuVae.Cli.Commands;

internal static class GenerateCommand
{
    private const int MaxCount = 100_000;

    // Of the images' values: 1 GiB of floats.
    private const long MaxValues = 1 << 28;

    public static Command Create()
    {
        Option<int> count = CommonOptions.Number("--count", "N", "How many images.", 64, NumberRange.Between(1, MaxCount), "-n");
        Option<string?> label = CommonOptions.Text(
            "--label", "LABEL", "The class to draw, by name or number, from a model trained with --conditional; without it all in turn.");
        Option<ulong> seed = CommonOptions.Seed();
        var sampler = new SamplerArguments(new DataArguments());
        var codePrior = new CodePriorArguments();
        var output = new PictureOutput("generated", "each image", "all into one grid");
        var command = new ExampleCommand(
            "generate", "Draws new images from a trained model.",
            "gpuvae generate",
            "gpuvae generate --run runs/digits --count 100 --seed 7 --out more.png",
            "gpuvae generate --label 3 --out threes.png",
            "gpuvae generate --sampler normal --temperature 0.8",
            "gpuvae generate --count 500 --files --out pictures")
        {
            count, label, seed,
        };
        sampler.AddTo(command);
        codePrior.AddTo(command);
        output.AddTo(command);
        new RunArguments().Act(command, (parsed, folder, model) =>
        {
            int n = parsed.GetValue(count);
            ImageShape shape = model.Options.Shape;
            if ((long)n * shape.Pixels > MaxValues)
                throw new BadInputException($"--count {n}: with images of {shape} at most {MaxValues / shape.Pixels} fit into memory.");
            sampler.Apply(parsed, folder, model);
            if (codePrior.Load(parsed, folder, model) is { } prior)
            {
                using GridPrior loaded = prior;
                float[] drawn = prior.Generate(
                    n, parsed.GetValue(seed), parsed.GetValue(label) is { } asked ? prior.LabelNumber(asked) : null);
                output.Write(parsed, shape, drawn, () => new Sheet(drawn));
                return;
            }
            int? ofLabel = parsed.GetValue(label) is { } wanted ? model.LabelNumber(wanted) : null;
            float[] images = model.Generate(n, parsed.GetValue(seed), ofLabel, sampler.Temperature(parsed));
            output.Write(
                parsed, shape, images, () => parsed.GetValue(label) is null ? Pictures.Drawn(model, images) : new Sheet(images));
        });
        return command;
    }
}
