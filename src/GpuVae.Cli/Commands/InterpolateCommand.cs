using System.CommandLine;
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

internal static class InterpolateCommand
{
    private const int MaxSteps = 1000;

    public static Command Create()
    {
        var run = new RunArguments();
        var data = new DataArguments();
        var from = CommonOptions.Number("--from", "I", "Index of the first image in the data.", 0);
        var to = CommonOptions.Number("--to", "I", "Index of the last image in the data.", 1);
        var steps = CommonOptions.Number("--steps", "N", "Pictures, both ends included.", 12, "-n");
        var output = CommonOptions.Out("The picture to write.", "interpolation.png");
        var command = new ExampleCommand(
            "interpolate", "Walks through the latent space from one image to another, along a great circle (slerp).",
            "gpuvae interpolate",
            "gpuvae interpolate --run runs/digits --from 3 --to 17 --steps 20 --out walk.png")
        {
            from, to, steps, output,
        };
        run.AddTo(command);
        data.AddTo(command, withTestData: false);
        command.SetAction(parsed =>
        {
            int count = CommonOptions.InRange(parsed, steps, 2, MaxSteps);
            using OpenedRun opened = run.Open(parsed);
            (RunFolder folder, Vae model) = opened;
            var images = data.LoadTest(parsed, folder);
            float[] path = Interpolation.Path(
                Code(model, images, parsed.GetValue(from), "--from"), Code(model, images, parsed.GetValue(to), "--to"), count);
            var pictures = new float[count * model.Options.Shape.Pixels];
            // A conditional model shows the class of the first image on the whole way.
            int[] labels = model.Options.Classes == 0 ? [] : [.. Enumerable.Repeat(images.Labels![parsed.GetValue(from)], count)];
            model.Decode(path, pictures, labels);
            Pictures.WriteGrid(parsed.GetValue(output)!, model.Options.Shape, pictures, columns: count <= 20 ? count : 0);
        });
        return command;
    }

    /// <summary>The mean of q(z|x) of one image of the set.</summary>
    private static float[] Code(Vae model, ImageSet images, int index, string option)
    {
        if (index < 0 || index >= images.Count)
            throw new BadInputException($"{option} {index}: {images.Name} has the images 0 to {images.Count - 1}.");
        var mean = new float[model.Options.Latent];
        model.Encode(Pictures.Floats(model, images, index, 1), mean, new float[model.Options.Latent], model.LabelsOf(images, index, 1));
        return mean;
    }
}
