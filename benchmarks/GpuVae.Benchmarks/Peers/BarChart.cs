using System.Globalization;
using System.Net;

namespace GpuVae.Benchmarks.Peers;

/// <summary>Horizontal bars of speed-ups over a peer as SVG, with a line at 1×.</summary>
internal static class BarChart
{
    private const int Width = 900, LabelWidth = 360, RowHeight = 26, Top = 48;

    public static string Svg(string title, IReadOnlyList<(string Label, double Ratio)> bars)
    {
        int height = Top + bars.Count * RowHeight + 16;
        double max = Math.Max(bars.Select(b => b.Ratio).Where(double.IsFinite).DefaultIfEmpty(1).Max(), 1) * 1.1;
        return Inv($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}"
              font-family="system-ui, sans-serif" font-size="13" fill="#1c2128">
            <rect width="{Width}" height="{height}" fill="#ffffff"/>
            <text x="16" y="26" font-size="16" font-weight="600">{WebUtility.HtmlEncode(title)}</text>
            {string.Join('\n', bars.Select((bar, i) => Bar(bar.Label, bar.Ratio, Top + i * RowHeight)))}
            <line x1="{X(1):F1}" x2="{X(1):F1}" y1="{Top - 6}" y2="{height - 12}" stroke="#1c2128" stroke-dasharray="4 3"/></svg>
            """);

        double X(double ratio) => LabelWidth + ratio / max * (Width - LabelWidth - 70);

        string Bar(string label, double ratio, int y) =>
            Inv($"""<text x="{LabelWidth - 10}" y="{y + 16}" text-anchor="end">{WebUtility.HtmlEncode(label)}</text>""")
            + (double.IsFinite(ratio)
                ? Inv($"""<rect x="{LabelWidth}" y="{y + 3}" width="{X(ratio) - LabelWidth:F1}" height="{RowHeight - 8}" rx="3" """)
                + Inv($"""fill="{(ratio >= 1 ? "#2f6fdb" : "#d9642a")}"/><text x="{X(ratio) + 6:F1}" y="{y + 16}">{ratio:F2}×</text>""")
                : Inv($"""<text x="{LabelWidth + 6}" y="{y + 16}" fill="#667">not measured</text>"""));
    }

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
