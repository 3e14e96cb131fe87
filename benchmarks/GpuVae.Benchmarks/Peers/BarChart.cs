using System.Globalization;
using System.Net;
using System.Text;

namespace GpuVae.Benchmarks.Peers;

/// <summary>Horizontal bars of speed-ups over a peer as SVG, with a line at 1×.</summary>
internal static class BarChart
{
    public static string Svg(string title, IReadOnlyList<(string Label, double Ratio)> bars)
    {
        const int width = 900, labelWidth = 360, rowHeight = 26, top = 48;
        int height = top + bars.Count * rowHeight + 16;
        double max = Math.Max(bars.Select(b => b.Ratio).Where(double.IsFinite).DefaultIfEmpty(1).Max(), 1) * 1.1;
        double X(double ratio) => labelWidth + ratio / max * (width - labelWidth - 70);

        var svg = new StringBuilder();
        svg.Append(Inv($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">"));
        svg.Append(Inv($"<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>"));
        svg.Append(Inv($"<text x=\"16\" y=\"26\" font-size=\"16\" font-weight=\"600\" fill=\"#1c2128\">{WebUtility.HtmlEncode(title)}</text>"));
        for (int i = 0; i < bars.Count; i++)
        {
            (string label, double ratio) = bars[i];
            int y = top + i * rowHeight;
            svg.Append(Inv($"<text x=\"{labelWidth - 10}\" y=\"{y + 16}\" text-anchor=\"end\" fill=\"#1c2128\">{WebUtility.HtmlEncode(label)}</text>"));
            if (!double.IsFinite(ratio))
            {
                svg.Append(Inv($"<text x=\"{labelWidth + 6}\" y=\"{y + 16}\" fill=\"#667\">not measured</text>"));
                continue;
            }
            string colour = ratio >= 1 ? "#2f6fdb" : "#d9642a";
            svg.Append(Inv($"<rect x=\"{labelWidth}\" y=\"{y + 3}\" width=\"{X(ratio) - labelWidth:F1}\" height=\"{rowHeight - 8}\" rx=\"3\" fill=\"{colour}\"/>"));
            svg.Append(Inv($"<text x=\"{X(ratio) + 6:F1}\" y=\"{y + 16}\" fill=\"#1c2128\">{ratio:F2}×</text>"));
        }
        svg.Append(Inv($"<line x1=\"{X(1):F1}\" x2=\"{X(1):F1}\" y1=\"{top - 6}\" y2=\"{height - 12}\" stroke=\"#1c2128\" stroke-dasharray=\"4 3\"/></svg>"));
        return svg.ToString();
    }

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
