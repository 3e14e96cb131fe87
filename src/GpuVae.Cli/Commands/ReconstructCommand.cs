using System.CommandLine;
using GpuVae.Models;

namespace GpuVae.Cli.Commands;

internal static class ReconstructCommand
{
    private const int MaxCount = 1024;

    public static Command Create()
    {
        var run = RunArgument.Create();
        var data = new DataArguments();
        var count = CommonOptions.Number("--count", "N", "How many images, from the first on.", 16, "-n");
        var output = CommonOptions.Out("The picture to write.", "reconstructions.png");
        var device = new DeviceArguments();
        var command = new ExampleCommand(
            "reconstruct", "Encodes and decodes images: originals above, reconstructions below.",
            "gpuvae reconstruct",
            "gpuvae reconstruct --run runs/digits --data my-images --size 28 --channels 1 --out mine.png")
        {
            run, count, output,
        };
        device.AddTo(command);
        data.AddTo(command, withTestData: false);
        command.SetAction(parsed =>
        {
            int n = CommonOptions.InRange(parsed, count, 1, MaxCount);
            var folder = RunArgument.Open(parsed.GetValue(run));
            using var opened = device.Open(parsed);
            using var model = Vae.Load(opened, folder.Path);
            var images = data.LoadTest(parsed, folder);
            Pictures.WriteReconstructions(parsed.GetValue(output)!, model, images, n);
        });
        return command;
    }
}
