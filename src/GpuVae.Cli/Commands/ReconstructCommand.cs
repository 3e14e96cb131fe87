using System.CommandLine;
using GpuVae.Models;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

internal static class ReconstructCommand
{
    private const int MaxCount = 1024;

    public static Command Create()
    {
        var run = new RunArguments();
        var data = new DataArguments();
        var count = CommonOptions.Number("--count", "N", "How many images, from the first on.", 16, "-n");
        var output = CommonOptions.Out("The picture to write.", "reconstructions.png");
        var command = new ExampleCommand(
            "reconstruct", "Encodes and decodes images: originals above, reconstructions below.",
            "gpuvae reconstruct",
            "gpuvae reconstruct --run runs/digits --data my-images --size 28 --channels 1 --out mine.png")
        {
            count, output,
        };
        run.AddTo(command);
        data.AddTo(command, withTestData: false);
        command.SetAction(parsed =>
        {
            int n = CommonOptions.InRange(parsed, count, 1, MaxCount);
            using OpenedRun opened = run.Open(parsed);
            (RunFolder folder, Vae model) = opened;
            var images = data.LoadTest(parsed, folder);
            Pictures.WriteReconstructions(parsed.GetValue(output)!, model, images, n);
        });
        return command;
    }
}
