using System.Globalization;
using System.Net;
using System.Text;

namespace GpuVae.Cli;

/// <summary>What <see cref="ReportPage"/> shows of one epoch; losses in nats per image.</summary>
internal sealed record ReportEpoch(
    int Epoch, double TrainLoss, double TestLoss, double TestReconstruction, double TestKl, double Seconds, double ImagesPerSecond);

/// <summary>A picture of the report, embedded as a data URI.</summary>
internal sealed record ReportPicture(string Caption, byte[] Png);

/// <summary>The run's report: one HTML page that needs no other file.</summary>
internal static class ReportPage
{
    private const string Style = """
        :root { color-scheme: light dark; --ink: #1c2128; --quiet: #667; --line: #d8dce2; --paper: #fff; --a: #2f6fdb; --b: #d9642a; --c: #1f9d6b; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --quiet: #99a; --line: #333a44; --paper: #14171c; --a: #6ea3ff; --b: #ff9a62; --c: #4fd3a0; } }
        body { margin: 0 auto; padding: 24px; max-width: 1360px; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        h1 { margin: 0; font-size: 24px; } h2 { margin: 28px 0 8px; font-size: 17px; } p.sub { margin: 0; color: var(--quiet); }
        .row { display: flex; flex-wrap: wrap; gap: 24px; } .row > * { flex: 1 1 420px; min-width: 0; }
        svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; fill: var(--quiet); } .grid { stroke: var(--line); }
        polyline { fill: none; stroke-width: 2; } .legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; }
        .legend span { margin-right: 16px; } figure { margin: 0; } figure img { width: 100%; max-width: 640px; image-rendering: pixelated; }
        figcaption { color: var(--quiet); } table { border-collapse: collapse; } td, th { padding: 3px 14px 3px 0; text-align: right; }
        td:first-child, th:first-child { text-align: left; } th { color: var(--quiet); font-weight: 500; } tr + tr td { border-top: 1px solid var(--line); }
        """;

    public static string Html(
        string runName,
        string device,
        IReadOnlyList<(string Name, string Value)> options,
        IReadOnlyList<ReportEpoch> epochs,
        IReadOnlyList<ReportPicture> pictures)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">");
        page.Append($"<title>{Text(runName)} – GpuVae</title><style>{Style}</style></head><body>");
        page.Append($"<h1>{Text(runName)}</h1><p class=\"sub\">{Text(device)}");
        if (epochs.Count > 0)
        {
            var last = epochs[^1];
            page.Append(Inv($" · {last.Epoch} epochs in {epochs.Sum(e => e.Seconds):F1} s · test loss {last.TestLoss:F2} nats per image"));
        }
        page.Append("</p><h2>Loss</h2><div class=\"row\"><div>");
        page.Append(LossChart.Svg("Training and test loss", "nats per image",
        [
            new("train", "var(--a)", [.. epochs.Select(e => e.TrainLoss)], FirstEpoch(epochs)),
            new("test", "var(--b)", [.. epochs.Select(e => e.TestLoss)], FirstEpoch(epochs)),
        ]));
        page.Append("</div><div>");
        page.Append(LossChart.Svg("KL divergence of the test images", "nats per image",
            [new("test KL", "var(--c)", [.. epochs.Select(e => e.TestKl)], FirstEpoch(epochs))]));
        page.Append("</div></div><h2>Pictures</h2><div class=\"row\">");
        foreach (var picture in pictures)
        {
            page.Append($"<figure><img alt=\"{Text(picture.Caption)}\" src=\"data:image/png;base64,{System.Convert.ToBase64String(picture.Png)}\">");
            page.Append($"<figcaption>{Text(picture.Caption)}</figcaption></figure>");
        }
        page.Append("</div><div class=\"row\"><div><h2>Epochs</h2><table><tr><th>epoch</th><th>train</th><th>test</th><th>reconstruction</th><th>KL</th><th>seconds</th><th>images/s</th></tr>");
        foreach (var e in epochs)
        {
            page.Append(Inv($"<tr><td>{e.Epoch}</td><td>{e.TrainLoss:F3}</td><td>{e.TestLoss:F3}</td><td>{e.TestReconstruction:F3}</td><td>{e.TestKl:F3}</td><td>{e.Seconds:F2}</td><td>{e.ImagesPerSecond:N0}</td></tr>"));
        }
        page.Append("</table></div><div><h2>Options</h2><table>");
        foreach (var (name, value) in options)
            page.Append($"<tr><td>{Text(name)}</td><td>{Text(value)}</td></tr>");
        return page.Append("</table></div></div></body></html>").ToString();
    }

    private static int FirstEpoch(IReadOnlyList<ReportEpoch> epochs) => epochs.Count > 0 ? epochs[0].Epoch : 1;

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
