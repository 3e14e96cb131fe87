using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace GpuVae.Cli;

/// <summary>A picture of the report, embedded as a data URI.</summary>
internal sealed record ReportPicture(string Caption, byte[] Png);

/// <summary>The run's report: one HTML page that needs no other file.</summary>
internal static partial class ReportPage
{
    private const string Style = """
        :root {
          color-scheme: light dark;
          --ink: #1c2128; --quiet: #667; --line: #d8dce2; --paper: #fff; --a: #2f6fdb; --b: #d9642a; --c: #1f9d6b;
        }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6e8ec; --quiet: #99a; --line: #333a44; --paper: #14171c; --a: #6ea3ff; --b: #ff9a62; --c: #4fd3a0; }
        }
        body {
          margin: 0 auto; padding: 24px; max-width: 1360px;
          background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
        }
        h1 { margin: 0; font-size: 24px; }
        h2 { margin: 28px 0 8px; font-size: 17px; }
        p.sub { margin: 0; color: var(--quiet); }
        .row { display: flex; flex-wrap: wrap; gap: 24px; }
        .row > * { flex: 1 1 420px; min-width: 0; }
        .tables > * { flex: 1 0 auto; max-width: 100%; overflow-x: auto; }
        code { font: inherit; white-space: nowrap; }
        .made code { font: 13px ui-monospace, monospace; white-space: normal; overflow-wrap: anywhere; }
        svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; fill: var(--quiet); }
        .grid { stroke: var(--line); }
        polyline { fill: none; stroke-width: 2; }
        .legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; }
        .legend span { margin-right: 16px; }
        figure { margin: 0; }
        figure img { width: 100%; max-width: 640px; image-rendering: pixelated; }
        figcaption { color: var(--quiet); }
        table { border-collapse: collapse; }
        td, th { padding: 3px 14px 3px 0; text-align: right; }
        td:first-child, th:first-child { text-align: left; }
        th { color: var(--quiet); font-weight: 500; }
        tr + tr td { border-top: 1px solid var(--line); }
        tr.best td { font-weight: 600; }
        """;

    /// <param name="runName">The headline.</param>
    /// <param name="device">What it was trained on.</param>
    /// <param name="options">Shown as a table.</param>
    /// <param name="commands">The command lines that made it, the first one first.</param>
    /// <param name="epochs">Losses in nats per image.</param>
    /// <param name="best">The epoch whose weights commands take.</param>
    /// <param name="unitKl">KL of each latent unit; null where codes have no distribution.</param>
    /// <param name="pictures">PNG files.</param>
    public static string Html(
        string runName, string device, IEnumerable<(string Name, string Value)> options, IReadOnlyList<string> commands,
        IReadOnlyList<MetricsLine> epochs, int? best, IReadOnlyList<double>? unitKl, IReadOnlyList<ReportPicture> pictures)
    {
        string summary = epochs.Count == 0 ? "" : Inv($" · {epochs[^1].Epoch} epochs in {epochs.Sum(e => e.Seconds):F1} s")
            + $" · test loss {Loss((epochs.FirstOrDefault(e => e.Epoch == best) ?? epochs[^1]).TestLoss)} nats per image"
            + (best is { } number ? $" after epoch {number}, the best" : "");
        string rows = string.Concat(options.Select(o => $"<tr><td>{Text(o.Name)}</td><td>{Text(o.Value)}</td></tr>"));
        return Page(runName, $"""
            <h1>{Text(runName)}</h1><p class="sub">{Text(device)}{summary}</p>
            {Warnings(epochs)}
            {Curves(epochs)}
            {(unitKl is not null ? Units(unitKl) : epochs.Any(e => e.CodesUsed is not null) ? Codes(epochs) : "")}
            {(epochs.Count > 0 && epochs[^1].LevelKl is { } levelKl ? Levels(levelKl) : "")}
            {(epochs.Any(e => e.DiscriminatorLoss is not null) ? Adversary(epochs) : "")}
            {(epochs.Any(e => e.FeatureDistance is not null) ? Perceptual(epochs) : "")}
            <h2>Pictures</h2><div class="row">{string.Concat(pictures.Select(Figure))}</div>
            <div class="row tables"><div>{Epochs(epochs, best)}</div><div><h2>Options</h2><table>{rows}</table></div></div>
            <h2>Made by</h2>{string.Concat(commands.Select(command => $"<p class=\"made\"><code>{Text(command)}</code></p>"))}
            """);
    }

    /// <summary>A page that needs no other file.</summary>
    public static string Page(string title, string body) => $"""
        <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>{Text(title)} – GpuVae</title><style>{Style}</style></head><body>
        {body}
        </body></html>
        """;

    private static string Figure(ReportPicture picture) =>
        $"<figure><img alt=\"{Text(picture.Caption)}\" src=\"data:image/png;base64,{System.Convert.ToBase64String(picture.Png)}\">"
        + $"<figcaption>{Text(picture.Caption)}</figcaption></figure>";

    /// <summary>Every kind of warning as it was seen last.</summary>
    private static string Warnings(IReadOnlyList<MetricsLine> epochs)
    {
        IEnumerable<string> items =
            from epoch in epochs
            from warning in epoch.Warnings ?? new Dictionary<string, string>()
            group (epoch.Epoch, warning.Value) by warning.Key into kind
            let when = kind.Count() == epochs.Count ? "every epoch"
                : $"epoch{(kind.Count() > 1 ? "s" : "")} {string.Join(", ", kind.Select(seen => seen.Epoch))}"
            let advice = Flag().Replace(Text(Flags.In(kind.Last().Value)), "<code>$0</code>")
            select $"<li><b>{Text(kind.Key.Replace('_', ' '))}</b> ({when}): {advice}</li>";
        string all = string.Concat(items);
        return all.Length == 0 ? "" : $"<h2>Warnings</h2><ul>{all}</ul>";
    }

    private static string Units(IReadOnlyList<double> kl) => $"""
        <h2>Latent units</h2><p class="sub">KL of each against N(0, 1), averaged over the first test images.</p>
        <div style="max-width: 640px">{UnitChart.Svg(kl)}</div>
        """;

    private static string Levels(IReadOnlyList<double> kl) => $"""
        <h2>Levels</h2><p class="sub">KL divergence of each level of the hierarchy after the last epoch, nats per image.</p>
        <table><tr><th>level</th>{string.Concat(kl.Select((_, level) => $"<th>{level + 1}</th>"))}</tr>
        <tr><td>KL</td>{string.Concat(kl.Select(value => $"<td>{Loss(value)}</td>"))}</tr></table>
        """;

    private static string Codes(IReadOnlyList<MetricsLine> epochs)
    {
        int first = epochs.Count > 0 ? epochs[0].Epoch : 1;
        string chart = LossChart.Svg("Codes that the test images use", "codes",
        [
            new("used", "var(--a)", [.. epochs.Select(e => e.CodesUsed ?? double.NaN)], first),
            new("perplexity", "var(--b)", [.. epochs.Select(e => e.Perplexity ?? double.NaN)], first),
        ]);
        string ofTop = epochs.All(e => e.TopCodesUsed is null) ? "" : LossChart.Svg("Codes of the top grid that they use", "codes",
        [
            new("used", "var(--a)", [.. epochs.Select(e => e.TopCodesUsed ?? double.NaN)], first),
            new("perplexity", "var(--b)", [.. epochs.Select(e => e.TopPerplexity ?? double.NaN)], first),
        ]);
        return "<h2>Codes</h2><p class=\"sub\">Perplexity: how many equally frequent codes would tell as much. The KL divergence above "
            + $"stands for the commitment loss.</p><div style=\"max-width: 640px\">{chart}{ofTop}</div>";
    }

    private static string Adversary(IReadOnlyList<MetricsLine> epochs)
    {
        int first = epochs[0].Epoch;
        string losses = LossChart.Svg("Losses of discriminator and generator", "hinge loss",
        [
            new("discriminator", "var(--a)", [.. epochs.Select(e => e.DiscriminatorLoss ?? double.NaN)], first),
            new("generator", "var(--b)", [.. epochs.Select(e => e.GeneratorLoss ?? double.NaN)], first),
        ]);
        string weight = LossChart.Svg("Adaptive weight of the generator's loss", "weight",
            [new("weight", "var(--c)", [.. epochs.Select(e => e.AdversarialWeight ?? double.NaN)], first)]);
        return "<h2>Discriminator</h2><p class=\"sub\">Its loss is 2 where it cannot tell reconstructions from images, and 0 where none "
            + $"escapes it.</p><div class=\"row\"><div>{losses}</div><div>{weight}</div></div>";
    }

    private static string Perceptual(IReadOnlyList<MetricsLine> epochs)
    {
        string chart = LossChart.Svg("Distance of features", "distance",
            [new("distance", "var(--a)", [.. epochs.Select(e => e.FeatureDistance ?? double.NaN)], epochs[0].Epoch)]);
        return "<h2>Perceptual term</h2><p class=\"sub\">How far reconstructions are from their images in the features of the network, "
            + $"while they were trained on and without the weight.</p><div style=\"max-width: 640px\">{chart}</div>";
    }

    private static string Curves(IReadOnlyList<MetricsLine> epochs)
    {
        int first = epochs.Count > 0 ? epochs[0].Epoch : 1;
        string loss = LossChart.Svg("Training and test loss", "nats per image",
        [
            new("train", "var(--a)", [.. epochs.Select(e => e.TrainLoss)], first),
            new("test", "var(--b)", [.. epochs.Select(e => e.TestLoss ?? double.NaN)], first),
        ]);
        string kl = LossChart.Svg("KL divergence of the test images", "nats per image",
            [new("test KL", "var(--c)", [.. epochs.Select(e => e.TestKl ?? double.NaN)], first)]);
        return "<h2>Loss</h2><p class=\"sub\">Reconstruction summed over pixels + beta × KL summed over latent units.</p>"
            + $"<div class=\"row\"><div>{loss}</div><div>{kl}</div></div>";
    }

    private static string Epochs(IReadOnlyList<MetricsLine> epochs, int? best)
    {
        string[] columns = ["epoch", "train", "test", "reconstruction", "KL", "seconds", "images/s"];
        IEnumerable<string> rows = epochs.Select(e =>
            $"<tr{(e.Epoch == best ? " class=\"best\" title=\"the best epoch\"" : "")}><td>{e.Epoch}</td><td>{Loss(e.TrainLoss)}</td>"
            + $"<td>{Loss(e.TestLoss)}</td><td>{Loss(e.TestRecon)}</td><td>{Loss(e.TestKl)}</td>"
            + Inv($"<td>{e.Seconds:F2}</td><td>{e.ImagesPerSecond:N0}</td></tr>"));
        return $"<h2>Epochs</h2><table><tr>{string.Concat(columns.Select(c => $"<th>{c}</th>"))}</tr>{string.Concat(rows)}</table>";
    }

    private static string Loss(double? nats) => nats is { } value ? value.ToString("F3", CultureInfo.InvariantCulture) : "–";

    /// <summary>An option, which browsers would break behind a hyphen.</summary>
    [GeneratedRegex("--[a-z][a-z-]*")]
    private static partial Regex Flag();

    private static string Text(string text) => WebUtility.HtmlEncode(Printable.Of(text));

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
