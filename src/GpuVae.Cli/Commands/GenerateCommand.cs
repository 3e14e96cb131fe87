using System.CommandLine;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Cli.Commands;

internal static class GenerateCommand
{
    private const int MaxCount = 100_000;

    // Of the images' values: 1 GiB of floats.
    private const long MaxValues = 1 << 28;

    public static Command Create()
    {
        var run = new RunArguments();
        Option<int> count = CommonOptions.Number("--count", "N", "How many images.", 64, NumberRange.Between(1, MaxCount), "-n");
        Option<bool> single = CommonOptions.Flag(
            "--files", "Write each image into a file of its own, 0000.png and so on, instead of all into one grid.");
        Option<string?> output = CommonOptions.PictureOut("generated.png or generated/", single);
        Option<string?> label = CommonOptions.Text(
            "--label", "LABEL", "The class to draw, by name or number, from a model trained with --conditional; without it all in turn.");
        Option<ulong> seed = CommonOptions.Seed();
        var command = new ExampleCommand(
            "generate", "Draws new images from the prior of a trained model.",
            "gpuvae generate",
            "gpuvae generate --run runs/digits --count 100 --seed 7 --out more.png",
            "gpuvae generate --label 3 --out threes.png",
            "gpuvae generate --count 500 --files --out pictures")
        {
            count, label, single, output, seed,
        };
        run.AddTo(command);
        command.SetAction(parsed =>
        {
            int n = parsed.GetValue(count);
            using OpenedRun opened = run.Open(parsed);
            Vae model = opened.Model;
            ImageShape shape = model.Options.Shape;
            if ((long)n * shape.Pixels > MaxValues)
                throw new BadInputException($"--count {n}: with images of {shape} at most {MaxValues / shape.Pixels} fit into memory.");
            float[] images = model.Generate(
                n, parsed.GetValue(seed), parsed.GetValue(label) is { } wanted ? model.LabelNumber(wanted) : null);
            if (parsed.GetValue(single))
                Pictures.WriteEach(parsed.GetValue(output) ?? "generated", shape, images);
            else
                Pictures.WriteGrid(parsed.GetValue(output) ?? "generated.png", shape, images);
        });
        return command;
    }
}
