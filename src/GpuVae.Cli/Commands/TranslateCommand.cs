namespace GpuVae.Cli.Commands;

internal static class TranslateCommand
{
    private const int MaxCount = 10_000;

    public static Command Create()
    {
        var pictures = new PictureArguments(defaultCount: 16, MaxCount);
        Option<string?> to = CommonOptions.Text("--to", "DOMAIN", "The domain to translate into, by name or number.");
        Option<string?> from = CommonOptions.Text(
            "--from", "DOMAIN", "The domain of the pictures; without it the other one, if there are two.");
        var output = new PictureOutput("translated", "each translation", "all below the originals");
        var command = new ExampleCommand(
            "translate", "Turns pictures of one domain into pictures of another, with a model of 'gpuvae train --domains'.",
            "gpuvae translate --to drawings",
            "gpuvae translate photo.png --fit --from photos --to drawings --out drawing.png",
            "gpuvae translate photos --to drawings --count 500 --files --out drawn")
        {
            from, to,
        };
        output.AddTo(command);
        pictures.AddTo(command);
        new RunArguments().Act(command, (parsed, folder, model) =>
        {
            string wanted = parsed.GetValue(to)
                ?? throw new BadInputException($"Say with --to into what: {string.Join(", ", model.Options.LabelNames)}.");
            int target = model.LabelNumber(wanted), source = Source(model, parsed.GetValue(from), target);
            if (source == target)
                throw new BadInputException($"--from and --to both name {wanted}; translate from one domain into another.");
            ImageShape shape = model.Options.Shape;
            string NameOf(int domain) => model.Options.LabelNames.Count > 0 ? model.Options.LabelNames[domain] : $"{domain}";
            ImageSet images = pictures.Load(parsed, folder, shape, ofLabel: source);
            RunData data = RunData.Read(folder)
                ?? throw new BadInputException($"{folder.Path} does not tell what the model was trained on, so its domains are not known.");
            float[] originals = PictureInput.Rows(images);
            float[] translated = Translator.Learn(model, data.LoadKnown(shape)).Translate(originals, source, target);
            output.Write(parsed, shape, translated, () => Pictures.Pairs(shape, originals, translated, NameOf(source), NameOf(target)));
        });
        return command;
    }

    private static int Source(Vae model, string? name, int target) =>
        name is not null ? model.LabelNumber(name)
        : model.Options.Classes == 2 ? 1 - target
        : throw new BadInputException($"The model knows {model.Options.Classes} domains; name that of the pictures with --from.");
}
