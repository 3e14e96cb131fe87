using System.Globalization;
using System.Text;
using System.Text.Json;
using GpuVae.Evaluation;
using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Cli.Commands;

/// <summary>Writes what goes with a model that is given away.</summary>
internal static class CardCommand
{
    private const int Drawn = 64, Reconstructed = 16;

    public static Command Create()
    {
        Option<string?> output = CommonOptions.Text(
            "--out", "FOLDER", "Where README.md and its pictures go, beside model.safetensors in half precision. Without it card.", "-o");
        CommonOptions.RefuseWhere(output, (_, path) => AtomicFile.RequireWritable(Path.Combine(path, "README.md")));
        Option<string?> title = CommonOptions.Text("--title", "TEXT", "The headline; without it the name of the run.");
        Option<string?> licence = CommonOptions.Text(
            "--licence", "NAME", "The licence of the model, such as mit; without it the one in its file, or a gap to be filled in.");
        Option<int> limit = CommonOptions.Number(
            "--limit", "N", "Measure the model on the first N test images; 0 leaves figures to those of the training.", 1000,
            NumberRange.AtLeast(0));
        var data = new DataArguments();
        var command = new ExampleCommand(
            "card", "Writes a model card: what the model is, what it was trained on, figures with their protocol, pictures, licence.",
            "gpuvae card --run runs/faces --licence mit",
            "gpuvae card --run runs/mnist --title \"Handwritten digits\" --out digits")
        {
            output, title, licence, limit,
        };
        data.AddTo(command, withTestData: false);
        new RunArguments().Act(command, (parsed, run, model) =>
        {
            string folder = parsed.GetValue(output) ?? "card";
            var metadata = new Dictionary<string, string>(run.ReadMetadata());
            if (parsed.GetValue(licence) is { } named)
                metadata["gpuvae.licence"] = named;
            var known = RunData.Read(run);
            if (known is not null)
                metadata[RunData.MetadataKey] = known.Shared();
            int most = parsed.GetValue(limit);
            // A model that was given away may not have its images with it; what is named must be there.
            ImageSet? images = most == 0 || known is null && !data.NamesData(parsed) ? null : Load(() => data.LoadTest(parsed, run, most),
                isNeeded: data.NamesData(parsed) || !run.IsFile);
            ImageShape shape = model.Options.Shape;
            if (model.HasPrior)
                ImageFile.Write(
                    Path.Combine(folder, "samples.png"), Pictures.Drawn(model, model.Generate(Drawn, seed: 1)).Compose(shape));
            if (images is not null)
                ImageFile.Write(
                    Path.Combine(folder, "reconstructions.png"),
                    Pictures.Reconstructions(model, images.Select([.. Enumerable.Range(0, Math.Min(Reconstructed, images.Count))]))
                        .Compose(shape));
            model.SaveWeights(Path.Combine(folder, "model.safetensors"), metadata, half: true);
            string name = parsed.GetValue(title) ?? Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(run.Path));
            string text = Text(name, model, metadata, known, images, Figures(model, images, most));
            string path = Path.Combine(folder, "README.md");
            AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
            Console.WriteLine($"wrote {path}");
        });
        return command;
    }

    private static ImageSet? Load(Func<ImageSet> load, bool isNeeded)
    {
        try
        {
            return load();
        }
        catch (BadInputException) when (!isNeeded)
        {
            return null;
        }
    }

    private static IEnumerable<string> Figures(Vae model, ImageSet? images, int most)
    {
        if (images is null)
            return [];
        var protocol = new EvaluationOptions { Split = images.Count == most ? $"test, first {most}" : "test" };
        return EvaluationTable.Lines(ModelEvaluation.Run(model, images, protocol));
    }

    private static string KindOf(VaeOptions options) => options.Quantization switch
    {
        Quantization.None => $"A variational autoencoder of images of {options.Shape}, with {options.Latent} latent units",
        Quantization.Codebook when options.CodeLevels > 1 =>
            $"An autoencoder of images of {options.Shape} with two codebooks of {options.Codes} vectors (VQ-VAE-2)",
        Quantization.Codebook => $"An autoencoder of images of {options.Shape} with a codebook of {options.Codes} vectors (VQ-VAE)",
        _ => $"An autoencoder of images of {options.Shape} with codes of rounded numbers (FSQ)",
    };

    private static string Text(
        string title, Vae model, Dictionary<string, string> metadata, RunData? data, ImageSet? images, IEnumerable<string> figures)
    {
        string licence = metadata.GetValueOrDefault("gpuvae.licence", "");
        VaeOptions options = model.Options;
        var text = new StringBuilder();
        text.Append(
            $"""
            ---
            license: {JsonSerializer.Serialize(licence.Length > 0 ? licence : "other")}
            library_name: gpuvae
            tags: [variational-autoencoder, image-generation]
            ---

            # {Plain(title)}

            {KindOf(options)} and
            {model.Parameters.Count.ToString("N0", CultureInfo.InvariantCulture)} weights.


            """);
        if (model.HasPrior)
            text.Append("![New images](samples.png)\n\n```\ngpuvae generate --run model.safetensors\n```\n\n");
        text.Append("## What it was trained on\n\n");
        if (data is null)
            text.Append("Its file does not tell.\n\n");
        else
        {
            text.Append($"`{Plain(data.Title)}`{(data.Images is { } count ? $", {count} images drawn" : "")}, seed {data.Seed}");
            text.Append(data.Size is null ? "" : $", scaled to {data.Size}").Append(".\n\n");
        }
        if (options.Classes > 0)
            text.Append($"It is told the class of an image: {Plain(string.Join(", ", ClassNames(options)))}.\n\n");
        text.Append("## Figures\n\n");
        if (metadata.TryGetValue("gpuvae.metrics", out string? line))
            text.Append($"At the end of its training, in nats per image, on the images held back then:\n\n```\n{Plain(line)}\n```\n\n");
        string[] measured = [.. figures];
        if (measured.Length > 0)
            text.Append($"Measured for this card:\n\n```\n{string.Join('\n', measured)}\n```\n\n");
        if (images is not null)
            text.Append("![Originals above, what the model makes of them below](reconstructions.png)\n\n");
        text.Append("## How it is made\n\n| option | value |\n|---|---|\n");
        foreach ((string option, string value) in ModelArguments.Set.Describe(options))
            text.Append($"| {option} | {Plain(value)} |\n");
        if (metadata.TryGetValue("gpuvae.training", out string? training))
            text.Append($"\nTraining: `{Plain(training)}`\n");
        text.Append($"\n## Licence\n\n{(licence.Length > 0 ? Plain(licence) : "To be said by whoever gives the model away.")}\n");
        return text.ToString();
    }

    private static IEnumerable<string> ClassNames(VaeOptions options) => options.LabelNames.Count > 0
        ? options.LabelNames
        : Enumerable.Range(0, options.Classes).Select(i => i.ToString(CultureInfo.InvariantCulture));

    /// <summary>Names come from files: in Markdown they must stay text of one line.</summary>
    private static string Plain(string text) => Printable.Of(text)
        .Replace("\r", " ", StringComparison.Ordinal).Replace("\n", " ", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal)
        .Replace("`", "'", StringComparison.Ordinal);
}
