using System.CommandLine;
using GpuVae.Devices;
using GpuVae.Imaging;
using GpuVae.Models;

namespace GpuVae.Cli.Commands;

internal static class GenerateCommand
{
    private const int MaxCount = 100_000;

    public static Command Create()
    {
        var run = RunArgument.Create();
        var count = new Option<int>("--count", "-n") { Description = "How many images.", HelpName = "N", DefaultValueFactory = _ => 64 };
        var single = new Option<bool>("--files") { Description = "Write each image into a file of its own instead of one grid; --out is then a folder." };
        var output = CommonOptions.Out("The picture to write, or with --files the folder.", "generated.png");
        var seed = CommonOptions.Seed();
        var device = CommonOptions.Device();
        var command = new ExampleCommand(
            "generate", "Draws new images from the prior of a trained model.",
            "gpuvae generate",
            "gpuvae generate --run runs/digits --count 100 --seed 7 --out more.png",
            "gpuvae generate --count 500 --files --out pictures")
        {
            run, count, single, output, seed, device,
        };
        command.SetAction(parsed =>
        {
            int n = parsed.GetValue(count);
            if (n is < 1 or > MaxCount)
                throw new BadInputException($"--count {n}: choose from 1 to {MaxCount}.");
            var folder = RunArgument.Open(parsed.GetValue(run));
            using var opened = ComputeDevice.Open(parsed.GetValue(device)!);
            using var model = Vae.Load(opened, folder.Path);
            float[] images = model.Generate(n, parsed.GetValue(seed));
            string path = parsed.GetValue(output)!;
            if (parsed.GetValue(single))
                Pictures.WriteEach(parsed.GetResult(output) is { Implicit: false } ? path : "generated", model.Options.Shape, images);
            else
                Pictures.WriteGrid(path, model.Options.Shape, images);
        });
        return command;
    }
}
