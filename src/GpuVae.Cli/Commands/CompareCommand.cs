using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using GpuVae.Formats;
using Spectre.Console;

namespace GpuVae.Cli.Commands;

/// <summary>Puts runs beside each other: their best epochs, the options in which they differ, their curves.</summary>
internal static class CompareCommand
{
    private static readonly string[] Colors = ["#2f6fdb", "#d9642a", "#1f9d6b", "#9b59b6", "#c0392b", "#7f8c8d", "#b7950b", "#16a0b0"];

    public static Command Create()
    {
        var runs = new Argument<string[]>("RUN") { Description = "Run folders, two or more.", Arity = new ArgumentArity(2, 100) };
        Option<string?> output = CommonOptions.FileOut("--out", "Also write the table and a chart of the losses to this page (HTML).");
        var command = new ExampleCommand(
            "compare", "Compares runs: losses of their best epochs, and the options in which they differ.",
            "gpuvae compare runs/digits runs/digits-2",
            "gpuvae compare runs/* --out comparison.html")
        {
            runs, output,
        };
        command.SetAction(parsed => Compare(
            [.. parsed.GetValue(runs)!.Select(RunFolder.Open).Select(RunFacts.Of)], parsed.GetValue(output)));
        return command;
    }

    private static void Compare(RunFacts[] runs, string? page)
    {
        List<(string Name, string[] Values)> rows = [.. Metrics(runs), .. Differences(runs)];
        Table table = new Table().Border(TableBorder.Simple).AddColumn("");
        foreach (RunFacts run in runs)
            table.AddColumn(new TableColumn(Cell(run.Name)).RightAligned());
        foreach ((string name, string[] values) in rows)
            table.AddRow([Cell(name), .. values.Select(Cell)]);
        TableConsole.Write(table);
        if (page is null)
            return;
        string html = Html(runs, rows);
        AtomicFile.Write(page, stream => stream.Write(Encoding.UTF8.GetBytes(html)));
        Console.WriteLine($"wrote {page}");
    }

    private static IEnumerable<(string Name, string[] Values)> Metrics(RunFacts[] runs)
    {
        yield return ("images", [.. runs.Select(run => run.Data)]);
        yield return ("epochs", [.. runs.Select(run => $"{run.Epochs.Count}")]);
        (string Name, Func<MetricsLine, double?> Of)[] figures =
        [
            ("best epoch", line => line.Epoch), ("test loss", line => line.TestLoss), ("reconstruction", line => line.TestRecon),
            ("KL", line => line.TestKl), ("train loss", line => line.TrainLoss),
        ];
        foreach ((string name, Func<MetricsLine, double?> of) in figures)
            yield return (name, [.. runs.Select(run => Number(run.Best is { } best ? of(best) : null))]);
        yield return ("seconds in all", [.. runs.Select(run => Number(run.Epochs.Sum(epoch => epoch.Seconds)))]);
        yield return ("warnings", [.. runs.Select(run => run.Best?.Warnings is { } warnings ? string.Join(", ", warnings.Keys) : "")]);
    }

    /// <summary>The options of which not all runs have the same.</summary>
    private static IEnumerable<(string Name, string[] Values)> Differences(RunFacts[] runs) =>
        from name in runs.SelectMany(run => run.Options.Select(option => option.Key)).Distinct()
        let values = runs.Select(run => run.Options.Count == 0 ? "?" : Text(run.Options[name])).ToArray()
        where values.Distinct().Count() > 1
        select ($"--{name}", values);

    private static string Html(RunFacts[] runs, IEnumerable<(string Name, string[] Values)> rows)
    {
        ChartSeries[] Curves(Func<MetricsLine, double?> of) =>
        [
            .. runs.Select((run, i) => new ChartSeries(
                run.Name, Colors[i % Colors.Length], [.. run.Epochs.Select(epoch => of(epoch) ?? double.NaN)],
                run.Epochs.Count > 0 ? run.Epochs[0].Epoch : 1)),
        ];
        string table = string.Concat(rows.Select(row =>
            $"<tr><td>{Encoded(row.Name)}</td>{string.Concat(row.Values.Select(value => $"<td>{Encoded(value)}</td>"))}</tr>"));
        return ReportPage.Page("Comparison", $"""
            <h1>Comparison</h1>
            <h2>Test loss</h2>{LossChart.Svg("Test loss", "nats per image", Curves(epoch => epoch.TestLoss ?? epoch.TrainLoss))}
            <h2>KL divergence</h2>{LossChart.Svg("KL divergence", "nats per image", Curves(epoch => epoch.TestKl))}
            <h2>Best epochs and options that differ</h2>
            <table><tr><th></th>{string.Concat(runs.Select(run => $"<th>{Encoded(run.Name)}</th>"))}</tr>{table}</table>
            """);
    }

    private static string Text(JsonNode? value) => value switch
    {
        null => "–",
        JsonArray items => string.Join(',', items.Select(Text)),
        _ => value.ToString(),
    };

    private static string Cell(string text) => Markup.Escape(Printable.Of(text));

    private static string Encoded(string text) => WebUtility.HtmlEncode(Printable.Of(text));

    private static string Number(double? value) => value?.ToString("0.##", CultureInfo.InvariantCulture) ?? "–";
}
