using System.CommandLine;
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

internal static class InterpolateCommand
{
    private const int MaxSteps = 1000;

    public static Command Create()
    {
        var run = new RunArguments();
        var pictures = new PictureArguments();
        Option<int> from = CommonOptions.Number("--from", "I", "Index of the picture to start from.", 0, NumberRange.AtLeast(0));
        Option<int> to = CommonOptions.Number("--to", "I", "Index of the picture to end with.", 1, NumberRange.AtLeast(0));
        Option<int> steps = CommonOptions.Number(
            "--steps", "N", "Pictures of the way, both ends included.", 12, NumberRange.Between(2, MaxSteps), "-n");
        Option<string?> output = CommonOptions.PictureOut("interpolation.png");
        var command = new ExampleCommand(
            "interpolate", "Walks through the latent space from one image to another, along a great circle (slerp).",
            "gpuvae interpolate",
            "gpuvae interpolate --run runs/digits --from 3 --to 17 --steps 20 --out walk.png",
            "gpuvae interpolate portraits --fit --from 0 --to 1")
        {
            from, to, steps, output,
        };
        pictures.AddTo(command);
        run.AddTo(command);
        command.SetAction(parsed =>
        {
            int count = parsed.GetValue(steps);
            using OpenedRun opened = run.Open(parsed);
            (RunFolder folder, Vae model) = opened;
            ImageSet images = LabelGuess.Complete(model, pictures.LoadAll(parsed, folder, model.Options.Shape));
            float[] path = Interpolation.Path(
                Code(model, images, parsed.GetValue(from), "--from"), Code(model, images, parsed.GetValue(to), "--to"), count);
            float[] way = new float[count * model.Options.Shape.Pixels];
            // A conditional model shows the class of the first image on the whole way.
            int[] labels = model.Options.Classes == 0 ? [] : [.. Enumerable.Repeat(images.Labels![parsed.GetValue(from)], count)];
            model.Decode(path, way, labels);
            Pictures.WriteGrid(parsed.GetValue(output) ?? "interpolation.png", model.Options.Shape, way, columns: count <= 20 ? count : 0);
        });
        return command;
    }

    /// <summary>The mean of q(z|x) of one image of the set.</summary>
    private static float[] Code(Vae model, ImageSet images, int index, string option)
    {
        if (index >= images.Count)
            throw new BadInputException($"{option} {index}: {images.Name} has the images 0 to {images.Count - 1}.");
        return LatentCodes.Means(model, images.Select([index]));
    }
}
