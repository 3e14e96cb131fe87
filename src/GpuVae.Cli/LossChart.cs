using System.Globalization;
using System.Net;
using System.Text;

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
        var shown = series.Where(s => s.Values.Any(double.IsFinite)).ToList();
        if (shown.Count == 0)
            return "";

        var finite = shown.SelectMany(s => s.Values).Where(double.IsFinite).ToList();
        double low = finite.Min(), high = finite.Max();
        double step = TickStep(low, high);
        low = Math.Floor(low / step) * step;
        high = Math.Max(Math.Ceiling(high / step) * step, low + step);
        int firstEpoch = shown.Min(s => s.FirstEpoch);
        int lastEpoch = Math.Max(shown.Max(s => s.FirstEpoch + s.Values.Count - 1), firstEpoch + 1);

        double X(double epoch) => Left + (epoch - firstEpoch) / (lastEpoch - firstEpoch) * (Width - Left - Right);
        double Y(double value) => Top + (high - value) / (high - low) * (Height - Top - Bottom);

        var svg = new StringBuilder();
        svg.Append(Inv($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(title)}\">"));
        for (double tick = low; tick <= high + step / 2; tick += step)
        {
            svg.Append(Inv($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(tick):F1}\" y2=\"{Y(tick):F1}\"/>"));
            svg.Append(Inv($"<text x=\"{Left - 8}\" y=\"{Y(tick) + 4:F1}\" text-anchor=\"end\">{tick:0.####}</text>"));
        }
        int epochStep = Math.Max(1, (lastEpoch - firstEpoch + 9) / 10);
        for (int epoch = firstEpoch; epoch <= lastEpoch; epoch += epochStep)
            svg.Append(Inv($"<text x=\"{X(epoch):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{epoch}</text>"));
        svg.Append(Inv($"<text x=\"{Width - Right}\" y=\"{Height - 4}\" text-anchor=\"end\">epoch</text>"));
        svg.Append(Inv($"<text x=\"{Left}\" y=\"{Top - 4}\">{WebUtility.HtmlEncode(unit)}</text>"));

        foreach (ChartSeries? s in shown)
        {
            var points = s.Values
                .Select((value, i) => (Epoch: s.FirstEpoch + i, Value: value))
                .Where(p => double.IsFinite(p.Value)).ToList();
            string path = string.Join(' ', points.Select(p => Inv($"{X(p.Epoch):F1},{Y(p.Value):F1}")));
            svg.Append(Inv($"<polyline style=\"stroke:{s.CssColor}\" points=\"{path}\"/>"));
            foreach ((int Epoch, double Value) p in points)
            {
                svg.Append(Inv($"<circle style=\"fill:{s.CssColor}\" cx=\"{X(p.Epoch):F1}\" cy=\"{Y(p.Value):F1}\" r=\"3\">"));
                svg.Append(Inv($"<title>{s.Name}, epoch {p.Epoch}: {p.Value:F3}</title></circle>"));
            }
        }
        svg.Append("</svg><p class=\"legend\">");
        foreach (ChartSeries? s in shown)
            svg.Append($"<span><i style=\"background:{s.CssColor}\"></i>{WebUtility.HtmlEncode(s.Name)}</span> ");
        return svg.Append("</p>").ToString();
    }

    /// <summary>1, 2 or 5 times a power of ten, such that about five ticks span the range.</summary>
    private static double TickStep(double low, double high)
    {
        double range = Math.Max(high - low, Math.Max(Math.Abs(high), 1e-9) * 1e-6);
        double power = Math.Pow(10, Math.Floor(Math.Log10(range / 5)));
        double scaled = range / 5 / power;
        return (scaled <= 1 ? 1 : scaled <= 2 ? 2 : scaled <= 5 ? 5 : 10) * power;
    }

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
