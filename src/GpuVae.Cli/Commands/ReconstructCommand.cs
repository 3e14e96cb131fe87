using System.CommandLine;
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

internal static class ReconstructCommand
{
    private const int MaxCount = 1024;

    public static Command Create()
    {
        var run = new RunArguments();
        var pictures = new PictureArguments(defaultCount: 16, MaxCount);
        Option<string?> output = CommonOptions.PictureOut("reconstructions.png");
        var command = new ExampleCommand(
            "reconstruct", "Encodes and decodes images: originals above, reconstructions below.",
            "gpuvae reconstruct",
            "gpuvae reconstruct my-images --fit --run runs/digits --count 32 --out mine.png")
        {
            output,
        };
        pictures.AddTo(command);
        run.AddTo(command);
        command.SetAction(parsed =>
        {
            using OpenedRun opened = run.Open(parsed);
            (RunFolder folder, Vae model) = opened;
            ImageSet images = LabelGuess.Complete(model, pictures.Load(parsed, folder, model.Options.Shape));
            Pictures.WriteReconstructions(parsed.GetValue(output) ?? "reconstructions.png", model, images);
        });
        return command;
    }
}
