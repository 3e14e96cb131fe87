using System.Globalization;
using System.Net;

namespace GpuVae.Benchmarks.Scaling;

/// <summary>A panel: for every x the values of all lines, where they were measured.</summary>
internal sealed record LineChart(string Title, IReadOnlyList<(double X, double?[] Values)> Points);

/// <summary>Panels side by side as SVG, both axes logarithmic, with the numbers of x below them and powers of ten beside.</summary>
internal static class LineCharts
{
    private const int Columns = 2, Width = 460, Height = 300, Left = 74, Right = 24, Top = 40, Bottom = 40, Head = 64;

    private static readonly string[] Colours = ["#2f6fdb", "#d9642a"];

    public static string Svg(string title, IReadOnlyList<string> lines, IReadOnlyList<LineChart> charts)
    {
        int rows = (charts.Count + Columns - 1) / Columns, width = Columns * Width, height = Head + rows * Height;
        return Inv($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
              font-family="system-ui, sans-serif" font-size="12" fill="#1c2128">
            <rect width="{width}" height="{height}" fill="#ffffff"/>
            <text x="16" y="26" font-size="16" font-weight="600">{WebUtility.HtmlEncode(title)}</text>
            {string.Join('\n', lines.Select((line, i) =>
                Inv($"<rect x=\"{16 + 130 * i}\" y=\"38\" width=\"18\" height=\"4\" fill=\"{Colours[i]}\"/>")
                + Inv($"<text x=\"{40 + 130 * i}\" y=\"44\">{line}</text>")))}
            {string.Join('\n', charts.Select((chart, i) => Panel(chart, i % Columns * Width, Head + i / Columns * Height)))}
            </svg>
            """);
    }

    private static string Panel(LineChart chart, int left, int top)
    {
        double[] values = [.. chart.Points.SelectMany(point => point.Values.OfType<double>())];
        double low = Math.Floor(Math.Log10(values.Min())), high = Math.Max(low + 1, Math.Ceiling(Math.Log10(values.Max())));
        double first = Math.Log2(chart.Points[0].X), last = Math.Log2(chart.Points[^1].X);
        double X(double x) => left + Left + (Math.Log2(x) - first) / (last - first) * (Width - Left - Right);
        double Y(double y) => top + Height - Bottom - (Math.Log10(y) - low) / (high - low) * (Height - Top - Bottom);

        var parts = new List<string>
        {
            Inv($"<text x=\"{left + 16}\" y=\"{top + 22}\" font-weight=\"600\">{WebUtility.HtmlEncode(chart.Title)}</text>"),
        };
        for (double decade = low; decade <= high; decade++)
        {
            double y = Y(Math.Pow(10, decade));
            parts.Add(Inv($"<line x1=\"{left + Left}\" x2=\"{left + Width - Right}\" y1=\"{y:F1}\" y2=\"{y:F1}\" stroke=\"#d8dee4\"/>"));
            parts.Add(Inv($"<text x=\"{left + Left - 8}\" y=\"{y + 4:F1}\" text-anchor=\"end\">{Math.Pow(10, decade)} ms</text>"));
        }
        parts.AddRange(chart.Points.Select(point => Inv(
            $"<text x=\"{X(point.X):F1}\" y=\"{top + Height - Bottom + 18}\" text-anchor=\"middle\">{point.X}</text>")));
        for (int line = 0; line < chart.Points[0].Values.Length; line++)
        {
            (double X, double Y)[] measured =
            [
                .. chart.Points.Where(point => point.Values[line] is not null)
                    .Select(point => (X(point.X), Y(point.Values[line]!.Value))),
            ];
            string path = string.Join(' ', measured.Select(at => Inv($"{at.X:F1},{at.Y:F1}")));
            parts.Add($"<polyline points=\"{path}\" fill=\"none\" stroke=\"{Colours[line]}\" stroke-width=\"2\"/>");
            parts.AddRange(measured.Select(at => Inv($"<circle cx=\"{at.X:F1}\" cy=\"{at.Y:F1}\" r=\"3\" fill=\"{Colours[line]}\"/>")));
        }
        return string.Join('\n', parts);
    }

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
