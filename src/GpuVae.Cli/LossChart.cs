using System.Globalization;
using System.Net;

namespace GpuVae.Cli;

/// <summary>One line of a <see cref="LossChart"/>: a name and a value per epoch, starting at <paramref name="FirstEpoch"/>.</summary>
internal sealed record ChartSeries(string Name, string CssColor, IReadOnlyList<double> Values, int FirstEpoch = 1);

/// <summary>
/// A line chart over epochs as inline SVG. The colours are CSS variables of the page, so it follows light and dark themes.
/// </summary>
internal static class LossChart
{
    private const int Width = 640, Height = 300, Left = 64, Right = 12, Top = 16, Bottom = 36;

    public static string Svg(string title, string unit, IReadOnlyList<ChartSeries> series)
    {
        ChartSeries[] shown = [.. series.Where(s => s.Values.Any(double.IsFinite))];
        if (shown.Length == 0)
            return "";
        double[] finite = [.. shown.SelectMany(s => s.Values).Where(double.IsFinite)];
        double low = finite.Min(), high = finite.Max(), step = TickStep(low, high);
        low = Math.Floor(low / step) * step;
        high = Math.Max(Math.Ceiling(high / step) * step, low + step);
        int firstEpoch = shown.Min(s => s.FirstEpoch);
        int lastEpoch = Math.Max(shown.Max(s => s.FirstEpoch + s.Values.Count - 1), firstEpoch + 1);
        int epochStep = Math.Max(1, (lastEpoch - firstEpoch + 9) / 10);
        IEnumerable<double> ticks = Enumerable.Range(0, (int)Math.Round((high - low) / step) + 1).Select(i => low + i * step);
        IEnumerable<int> epochs = Enumerable.Range(firstEpoch, lastEpoch - firstEpoch + 1).Where(e => (e - firstEpoch) % epochStep == 0);
        return Inv($"""
            <svg viewBox="0 0 {Width} {Height}" role="img" aria-label="{WebUtility.HtmlEncode(title)}">
            {Join(ticks, Tick)}
            {Join(epochs, epoch => Inv($"""<text x="{X(epoch):F1}" y="{Height - Bottom + 18}" text-anchor="middle">{epoch}</text>"""))}
            <text x="{Width - Right}" y="{Height - 4}" text-anchor="end">epoch</text>
            <text x="{Left}" y="{Top - 4}">{WebUtility.HtmlEncode(unit)}</text>
            {Join(shown, Curve)}
            </svg><p class="legend">{Join(shown, s =>
                $"<span><i style=\"background:{s.CssColor}\"></i>{WebUtility.HtmlEncode(s.Name)}</span> ")}</p>
            """);

        double X(double epoch) => Left + (epoch - firstEpoch) / (lastEpoch - firstEpoch) * (Width - Left - Right);

        double Y(double value) => Top + (high - value) / (high - low) * (Height - Top - Bottom);

        string Tick(double value) =>
            Inv($"""<line class="grid" x1="{Left}" x2="{Width - Right}" y1="{Y(value):F1}" y2="{Y(value):F1}"/>""")
            + Inv($"""<text x="{Left - 8}" y="{Y(value) + 4:F1}" text-anchor="end">{value:0.####}</text>""");

        string Curve(ChartSeries s)
        {
            (int Epoch, double Value)[] points =
                [.. s.Values.Select((value, i) => (s.FirstEpoch + i, value)).Where(point => double.IsFinite(point.value))];
            string line = string.Join(' ', points.Select(p => Inv($"{X(p.Epoch):F1},{Y(p.Value):F1}")));
            return $"""<polyline style="stroke:{s.CssColor}" points="{line}"/>""" + Join(points, p => Inv(
                $"""<circle style="fill:{s.CssColor}" cx="{X(p.Epoch):F1}" cy="{Y(p.Value):F1}" r="3">""")
                + Inv($"<title>{WebUtility.HtmlEncode(s.Name)}, epoch {p.Epoch}: {p.Value:F3}</title></circle>"));
        }
    }

    /// <summary>1, 2 or 5 times a power of ten, such that about five ticks span the range.</summary>
    private static double TickStep(double low, double high)
    {
        double range = Math.Max(high - low, Math.Max(Math.Abs(high), 1e-9) * 1e-6);
        double power = Math.Pow(10, Math.Floor(Math.Log10(range / 5)));
        double scaled = range / 5 / power;
        return (scaled <= 1 ? 1 : scaled <= 2 ? 2 : scaled <= 5 ? 5 : 10) * power;
    }

    private static string Join<T>(IEnumerable<T> items, Func<T, string> text) => string.Concat(items.Select(text));

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
