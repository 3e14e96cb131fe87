namespace GpuVae.Cli.Commands;

/// <summary>The option that tells a conditional model the labels of the pictures it is to work on.</summary>
internal sealed class LabelArguments
{
    private readonly Option<string?> label = CommonOptions.Text(
        "--label", "NAME,NAME,…",
        "For a conditional model: the label of all pictures, or one for each; without it those that the pictures come with, if the model "
        + "knows them, or else its guess.");

    public void AddTo(Command command) => command.Options.Add(label);

    /// <summary>One for each picture, or none where the model takes none or has to guess.</summary>
    /// <exception cref="BadInputException">
    /// The model does not know a label or knows none, or there are neither one label nor as many as pictures.
    /// </exception>
    public int[] Read(ParseResult parsed, Vae model, ImageSet images) =>
        Read(parsed, model.Options.Classes, model.Options.LabelNames, model.LabelNumber, images);

    /// <summary>The same for a prior over codes, which does not guess.</summary>
    /// <inheritdoc cref="Read(ParseResult, Vae, ImageSet)"/>
    public int[] Read(ParseResult parsed, GridPrior prior, ImageSet images) =>
        Read(parsed, prior.Options.Classes, prior.Options.LabelNames, prior.LabelNumber, images);

    private int[] Read(
        ParseResult parsed, int classes, IReadOnlyList<string> names, Func<string, int> numberOf, ImageSet images)
    {
        if (parsed.GetValue(label) is not { } text)
            return classes > 0 ? images.LabelsAs(names) ?? [] : [];
        int[] labels = [.. CommonOptions.Words(parsed, label).Select(numberOf)];
        if (labels.Length != 1 && labels.Length != images.Count)
            throw new BadInputException(
                $"{label.Name} {text}: {labels.Length} labels for {images.Count} pictures; give one for all of them, or one for each.");
        return labels.Length == 1 ? [.. Enumerable.Repeat(labels[0], images.Count)] : labels;
    }
}
