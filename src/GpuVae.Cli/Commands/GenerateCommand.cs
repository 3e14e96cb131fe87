namespace GpuVae.Cli.Commands;

internal static class GenerateCommand
{
    private const int MaxCount = 100_000, LevelColumns = 10;

    // Of the images' values: 1 GiB of floats.
    private const long MaxValues = 1 << 28;

    public static Command Create()
    {
        Option<int> count = CommonOptions.Number("--count", "N", "How many images.", 64, NumberRange.Between(1, MaxCount), "-n");
        Option<string?> label = CommonOptions.Text(
            "--label", "LABEL", "The class to draw, by name or number, from a model trained with --conditional; without it all in turn.");
        Option<ulong> seed = CommonOptions.Seed();
        Option<bool> byLevel = CommonOptions.Flag(
            "--by-level", $"Of a model with --hierarchy: a row for each level, in which those above it are kept and it and those below are "
            + $"drawn anew; {LevelColumns} images each, or --count.");
        var sampler = new SamplerArguments(new DataArguments());
        var codePrior = new CodePriorArguments();
        var output = new PictureOutput("generated", "each image", "all into one grid");
        var command = new ExampleCommand(
            "generate", "Draws new images from a trained model.",
            "gpuvae generate",
            "gpuvae generate --run runs/digits --count 100 --seed 7 --out more.png",
            "gpuvae generate --label 3 --out threes.png",
            "gpuvae generate --sampler normal --temperature 0.8",
            "gpuvae generate --by-level",
            "gpuvae generate --count 500 --files --out pictures")
        {
            count, label, seed, byLevel,
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
            if (parsed.GetValue(byLevel))
            {
                output.Write(parsed, shape, ByLevel(parsed, model));
                return;
            }
            sampler.Apply(parsed, folder, model);
            if (codePrior.Load(parsed, folder, model) is { } prior)
            {
                using GridPrior loaded = prior;
                float[] drawn = prior.Generate(
                    n, parsed.GetValue(seed), parsed.GetValue(label) is { } asked ? prior.LabelNumber(asked) : null,
                    sampler.Temperature(parsed));
                output.Write(parsed, shape, drawn, () => new Sheet(drawn));
                return;
            }
            int? ofLabel = parsed.GetValue(label) is { } wanted ? model.LabelNumber(wanted) : null;
            float[] images = model.Generate(n, parsed.GetValue(seed), ofLabel, sampler.Temperature(parsed));
            output.Write(
                parsed, shape, images, () => parsed.GetValue(label) is null ? Pictures.Drawn(model, images) : new Sheet(images));
        });
        return command;

        Sheet ByLevel(ParseResult parsed, Vae model)
        {
            int columns = CommonOptions.IsGiven(parsed, count) ? parsed.GetValue(count) : LevelColumns;
            float[] codes = LevelCodes.Draw(model, columns, parsed.GetValue(seed), sampler.Temperature(parsed));
            int? ofLabel = parsed.GetValue(label) is { } wanted ? model.LabelNumber(wanted) : null;
            return new Sheet(Pictures.Decode(model, codes, ofLabel), columns)
            {
                RowNames = [.. Enumerable.Range(1, model.Options.Hierarchy).Select(level => $"level {level}")],
            };
        }
    }
}
