using System.CommandLine;
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

/// <summary>The option that names the labelled images from which attributes are learnt.</summary>
internal sealed class AttributeArguments
{
    // A direction is a difference of means: more images move it by less than can be seen.
    private const int MostImages = 10_000;

    private readonly Option<string?> data = new("--data")
    {
        Description = "Labelled images from which the attributes are learnt: images in subfolders, or beside an attributes.csv; without it "
            + "those that the model was trained on.",
        HelpName = "WHAT",
    };

    public void AddTo(Command command) => command.Options.Add(data);

    /// <summary>Learns the attributes anew, which is a matter of seconds; nothing about them is kept in the run.</summary>
    /// <exception cref="BadInputException">The images are missing or broken, do not fit the model or have no attributes.</exception>
    public AttributeDirections Learn(ParseResult parsed, Vae model, RunFolder run)
    {
        ImageShape shape = model.Options.Shape;
        RunData source = (parsed.GetValue(data) is { } named ? RunData.Of(named) : RunData.Read(run))
            ?? throw new BadInputException($"{run.Path} does not tell what the model was trained on. Name labelled images with --data.");
        source = source with { Size = $"{shape.Width}x{shape.Height}", Channels = shape.Channels, Images = Math.Min(source.Images ?? MostImages, MostImages) };
        ImageSet images = source.LoadBoth().Train;
        return AttributeDirections.Learn(
            model, images.Count > MostImages ? images.Select([.. Enumerable.Range(0, MostImages)]) : images);
    }
}
