using System.CommandLine;
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

/// <summary>Changes pictures by their attributes, or shows what latent units do to one.</summary>
internal sealed class EditCommand
{
    private const int MaxCount = 256, MaxSteps = 64;

    private readonly RunArguments run = new();
    private readonly PictureArguments pictures = new(defaultCount: 4, MaxCount);

    private readonly Option<string[]> add = Attributes(
        "--add", "Attributes to add, each with a strength: smile:1.5; 1 is the degree that images usually have.");

    private readonly Option<string[]> remove = Attributes("--remove", "Attributes to remove, written as for --add.");

    private readonly Option<string?> traverse = CommonOptions.Text(
        "--traverse", "N,N,…",
        "Instead of an edit: a row of pictures for each of these latent units, in which it runs from -3 to 3 in the first picture taken.");

    private readonly Option<string?> label = CommonOptions.Text(
        "--label", "NAME,NAME,…", "For a conditional model: show the pictures with these labels instead of their own.");

    private readonly Option<int> steps = CommonOptions.Number(
        "--steps", "N", "Pictures of a row: from no change to all of it, or of a traversal.", 7, NumberRange.Between(2, MaxSteps));

    private readonly Option<bool> decoded = CommonOptions.Flag(
        "--decoded", "Show what the model decodes, instead of putting only the change onto the original.");

    private readonly Option<string?> output = CommonOptions.PictureOut("edited.png or traversal.png");

    private readonly AttributeArguments attributes = new();

    public static Command Create()
    {
        var edit = new EditCommand();
        var command = new ExampleCommand(
            "edit", "Adds attributes to pictures and removes them: original, reconstruction, edited more and more.",
            "gpuvae edit --add smile:1.5 --remove glasses",
            "gpuvae edit me.png --fit --add hat=beanie --steps 5 --out hat.png",
            "gpuvae edit --label 7,9 --add thickness",
            "gpuvae edit --traverse 0,3,7 --first 12");
        edit.pictures.AddTo(command);
        Option[] options = [edit.add, edit.remove, edit.label, edit.traverse, edit.steps, edit.decoded, edit.output];
        foreach (Option option in options)
            command.Options.Add(option);
        edit.attributes.AddTo(command);
        edit.run.AddTo(command);
        command.SetAction(edit.Run);
        return command;
    }

    private void Run(ParseResult parsed)
    {
        AttributeEdit[] edits =
        [
            .. parsed.GetValue(add)!.Select(AttributeEdit.Parse),
            .. parsed.GetValue(remove)!.Select(AttributeEdit.Parse).Select(edit => edit with { Strength = -edit.Strength }),
        ];
        int[]? units = parsed.GetValue(traverse) is { } text ? CommonOptions.Numbers<int>(traverse, text) : null;
        string[] labels = parsed.GetValue(label)?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        if (units is null && edits.Length + labels.Length == 0)
            throw new BadInputException("Say what to do: --add and --remove with attributes, --label, or --traverse with latent units.");
        Option[] idle = units is not null ? [add, remove, label, decoded] : labels.Length > 0 ? [steps] : [];
        if (idle.FirstOrDefault(option => CommonOptions.IsGiven(parsed, option)) is { } unused)
            throw new BadInputException(
                $"{unused.Name} does not go together with {(units is null ? label : traverse).Name}; leave one of them out.");
        int count = parsed.GetValue(steps);

        using OpenedRun opened = run.Open(parsed);
        (RunFolder folder, Vae model) = opened;
        int[] others = [.. labels.Select(model.LabelNumber)];
        ImageSet images = LabelGuess.Complete(model, pictures.Load(parsed, folder, model.Options.Shape));
        if (units is not null)
        {
            Traverse(model, images.Select([0]), units, count, parsed.GetValue(output) ?? "traversal.png");
            return;
        }
        var editor = new ImageEditor(model, images) { KeepsDetails = !parsed.GetValue(decoded) };
        float[] change = edits.Length > 0
            ? attributes.Learn(parsed, model, folder).Changes(editor.Codes, edits)
            : new float[editor.Codes.Length];
        float[] strips = others.Length > 0 ? editor.Relabelled(change, others) : editor.Strips(change, count);
        int columns = strips.Length / images.Count / images.PixelsPerImage;
        Pictures.WriteGrid(parsed.GetValue(output) ?? "edited.png", model.Options.Shape, strips, columns);
    }

    private static void Traverse(Vae model, ImageSet image, int[] units, int count, string path)
    {
        float[] codes = LatentGrid.Traversals(LatentCodes.Means(model, image), units, count);
        Pictures.WriteGrid(path, model.Options.Shape, Pictures.Decode(model, codes, image.Labels?[0]), columns: count);
    }

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
