using System.Globalization;
using Spectre.Console;

namespace GpuVae.Cli.Commands;

/// <summary>Lists what has been trained.</summary>
internal static class RunsCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER")
        {
            Description = $"Where the runs stand; without it {RunArguments.Root}.",
            DefaultValueFactory = _ => RunArguments.Root,
        };
        var command = new ExampleCommand(
            "runs", "Lists the runs of a folder, the newest first, which commands take without --run.",
            "gpuvae runs",
            "gpuvae runs archive")
        {
            folder,
        };
        command.SetAction(parsed => List(parsed.GetValue(folder)!));
        return command;
    }

    private static void List(string root)
    {
        RunFolder[] runs = [.. RunArguments.Below(root).OrderByDescending(RunArguments.Written)];
        if (runs.Length == 0)
            throw new BadInputException(
                $"There is no run below {root}. Run 'gpuvae train' first, or name the folder that the runs stand in.");
        Table table = new Table().Border(TableBorder.Simple).AddColumns("run", "written", "images")
            .AddColumn(new TableColumn("epochs").RightAligned()).AddColumn(new TableColumn("test loss").RightAligned())
            .AddColumn(new TableColumn("reconstruction").RightAligned()).AddColumn(new TableColumn("KL").RightAligned()).AddColumn("state");
        foreach (RunFolder run in runs)
        {
            var facts = RunFacts.Of(run);
            table.AddRow(
                Cell(Path.Combine(root, facts.Name)),
                RunArguments.Written(run).ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
                Cell(facts.Data), $"{facts.Epochs.Count}", Number(facts.Best?.TestLoss ?? facts.Best?.TrainLoss),
                Number(facts.Best?.TestRecon), Number(facts.Best?.TestKl), facts.State);
        }
        TableConsole.Write(table);
    }

    private static string Cell(string text) => Markup.Escape(Printable.Of(text));

    private static string Number(double? value) => value?.ToString("F2", CultureInfo.InvariantCulture) ?? "–";
}
