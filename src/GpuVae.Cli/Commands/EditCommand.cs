namespace GpuVae.Cli.Commands;

/// <summary>Changes pictures by their attributes, or shows what latent units do to one.</summary>
internal static class EditCommand
{
    private const int MaxCount = 256, MaxSteps = 64;

    public static Command Create()
    {
        var pictures = new PictureArguments(defaultCount: 4, MaxCount);
        Option<string[]> add = Attributes(
            "--add", "Attributes to add, each with a strength: smile:1.5; 1 is the degree that images usually have.");
        Option<string[]> remove = Attributes("--remove", "Attributes to remove, written as for --add.");
        Option<int[]> traverse = CommonOptions.Numbers(
            "--traverse", "N,N,…",
            "Instead of an edit: a row of pictures for each of these latent units, in which it runs from -3 to 3 in the first picture.",
            NumberRange.AtLeast(0));
        Option<string?> label = CommonOptions.Text(
            "--label", "NAME,NAME,…", "For a conditional model: show the pictures with these labels instead of their own.");
        Option<int> steps = CommonOptions.Number(
            "--steps", "N", "Pictures of a row: from no change to all of it, or of a traversal.", 7, NumberRange.Between(2, MaxSteps));
        Option<bool> decoded = CommonOptions.Flag(
            "--decoded", "Show what the model decodes, instead of putting only the change onto the original.");
        var output = new PictureOutput("edited", nameMeaning: "edited.png or traversal.png");
        var attributes = new AttributeArguments();
        var command = new ExampleCommand(
            "edit", "Adds attributes to pictures and removes them: original, reconstruction, edited more and more.",
            "gpuvae edit --add smile:1.5 --remove glasses",
            "gpuvae edit me.png --fit --add hat=beanie --steps 5 --out hat.png",
            "gpuvae edit --label 7,9 --add thickness",
            "gpuvae edit --traverse 0,3,7 --first 12")
        {
            add, remove, label, traverse, steps, decoded,
        };
        output.AddTo(command);
        pictures.AddTo(command);
        attributes.AddTo(command);
        new RunArguments().Act(command, (parsed, folder, model) =>
        {
            AttributeEdit[] edits =
            [
                .. parsed.GetValue(add)!.Select(AttributeEdit.Parse),
                .. parsed.GetValue(remove)!.Select(AttributeEdit.Parse).Select(edit => edit with { Strength = -edit.Strength }),
            ];
            int[] units = parsed.GetValue(traverse)!;
            string[] labels = CommonOptions.Words(parsed, label);
            if (units.Length == 0 && edits.Length + labels.Length == 0)
                throw new BadInputException(
                    "Say what to do: --add and --remove with attributes, --label, or --traverse with latent units.");
            Option[] idle = units.Length > 0 ? [add, remove, label, decoded] : labels.Length > 0 ? [steps] : [];
            if (idle.FirstOrDefault(option => CommonOptions.IsGiven(parsed, option)) is { } unused)
                throw new BadInputException(
                    $"{unused.Name} does not go together with {(units.Length == 0 ? label.Name : traverse.Name)}; leave one of them out.");
            int count = parsed.GetValue(steps);
            int[] others = [.. labels.Select(model.LabelNumber)];
            ImageSet images = LabelGuess.Complete(model, pictures.Load(parsed, folder, model.Options.Shape));
            if (units.Length > 0)
            {
                float[] codes = LatentGrid.Traversals(LatentCodes.Means(model, images.Select([0])), units, count);
                var traversals = new Sheet(Pictures.Decode(model, codes, images.Labels?[0]), count)
                {
                    RowNames = [.. units.Select(unit => $"unit {unit}")],
                    ColumnNames = [.. Enumerable.Range(0, count).Select(i => Inv($"{-3 + 6.0 * i / (count - 1):0.#}"))],
                };
                Pictures.Write(output.PathOr(parsed, "traversal.png"), model.Options.Shape, traversals, output.Scale(parsed));
                return;
            }
            var editor = new ImageEditor(model, images) { KeepsDetails = !parsed.GetValue(decoded) };
            float[] change = edits.Length > 0
                ? attributes.Learn(parsed, model, folder).Changes(editor.Codes, edits)
                : new float[editor.Codes.Length];
            float[] strips = others.Length > 0 ? editor.Relabelled(change, others) : editor.Strips(change, count);
            IEnumerable<string> names = others.Length > 0
                ? labels
                : Enumerable.Range(1, count).Select(step => Inv($"{100.0 * step / count:0}%"));
            output.Write(parsed, model.Options.Shape, new Sheet(strips, strips.Length / images.Count / images.PixelsPerImage)
            {
                ColumnNames = ["original", "decoded", .. names],
            });
        });
        return command;
    }

    private static string Inv(FormattableString text) => text.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static Option<string[]> Attributes(string name, string description)
    {
        var option = new Option<string[]>(name)
        {
            Description = description,
            HelpName = "NAME[:X]",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
        CommonOptions.RefuseWhere(option, (_, text) => AttributeEdit.Parse(text));
        return option;
    }
}
