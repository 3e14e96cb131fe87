namespace GpuVae.Cli.Commands;

/// <summary>The option that names the labelled images from which attributes are learnt.</summary>
internal sealed class AttributeArguments
{
    private readonly Option<string?> data = CommonOptions.Text(
        "--data", "WHAT",
        "Labelled images from which the attributes are learnt: images in subfolders, or beside an attributes.csv; without it "
            + "those that the model was trained on.");

    public void AddTo(Command command) => command.Options.Add(data);

    /// <summary>Learns the attributes anew, which is a matter of seconds; nothing about them is kept in the run.</summary>
    /// <exception cref="BadInputException">The images are missing or broken, do not fit the model or have no attributes.</exception>
    public AttributeDirections Learn(ParseResult parsed, Vae model, RunFolder run)
    {
        RunData source = (parsed.GetValue(data) is { } named ? RunData.Of(named) : RunData.Read(run))
            ?? throw new BadInputException($"{run.Path} does not tell what the model was trained on. Name labelled images with --data.");
        return AttributeDirections.Learn(model, source.LoadKnown(model.Options.Shape));
    }
}
