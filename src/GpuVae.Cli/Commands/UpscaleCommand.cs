using System.CommandLine;
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

/// <summary>Enlarges pictures.</summary>
internal sealed class UpscaleCommand
{
    private const int MaxCount = 10_000, MaxSteps = 100_000;

    private readonly RunArguments run = new();
    private readonly PictureArguments pictures = new(defaultCount: 8, MaxCount);
    private readonly Option<int> factor = CommonOptions.Number(
        "--factor", "N", "How many times as wide and as high.", 4, NumberRange.OneOf(2, 4));

    private readonly Option<int> steps = CommonOptions.Number(
        "--steps", "N", "Gradient steps on the codes.", new UpscalingOptions().Steps, NumberRange.Between(0, MaxSteps));

    private readonly Option<bool> single = CommonOptions.Flag(
        "--files", "Write each enlarged picture into a file of its own, 0000.png and so on, instead of all into one comparison.");

    private readonly Option<string?> output;
    private readonly LabelArguments labels = new();

    private UpscaleCommand() => output = CommonOptions.PictureOut("upscaled.png or upscaled/", single);

    public static Command Create()
    {
        var upscale = new UpscaleCommand();
        var command = new ExampleCommand(
            "upscale", "Enlarges small pictures to the size of the model's: input, bicubic, enlarged; without pictures, test images "
            + "are reduced first and shown last.",
            "gpuvae upscale",
            "gpuvae upscale thumbnails --factor 2 --files --out large",
            "gpuvae upscale small.png --fit --run runs/faces --out large.png");
        upscale.pictures.AddTo(command);
        foreach (Option option in (Option[])[upscale.factor, upscale.steps, upscale.single, upscale.output])
            command.Options.Add(option);
        upscale.labels.AddTo(command);
        upscale.run.AddTo(command);
        command.SetAction(upscale.Run);
        return command;
    }

    private void Run(ParseResult parsed)
    {
        int times = parsed.GetValue(factor);
        var options = new UpscalingOptions { Steps = parsed.GetValue(steps) };
        using OpenedRun opened = run.Open(parsed);
        (RunFolder folder, Vae model) = opened;
        ImageShape shape = model.Options.Shape, smallShape = Upscaling.SmallShape(shape, times);
        bool hasOriginals = !pictures.AreNamed(parsed);
        ImageSet loaded = pictures.Load(parsed, folder, hasOriginals ? shape : smallShape);
        int[] known = labels.Read(parsed, model, loaded);
        float[] given = PictureInput.Rows(loaded);
        float[] small = hasOriginals ? Enlargement.Reduce(given, shape, times) : given;
        int total = small.Length / smallShape.Pixels;
        float[] large = Upscaling.Enlarge(
            model, small, times, options, done => Console.WriteLine($"enlarged {done} of {total} pictures"), known);
        if (parsed.GetValue(single))
        {
            Pictures.WriteEach(parsed.GetValue(output) ?? "upscaled", shape, large);
            return;
        }
        float[][] columns =
        [
            Enlargement.Repeat(small, smallShape, times), Enlargement.Bicubic(small, smallShape, times), large,
            .. hasOriginals ? (float[][])[given] : [],
        ];
        Pictures.WriteRows(parsed.GetValue(output) ?? "upscaled.png", shape, columns);
    }
}
