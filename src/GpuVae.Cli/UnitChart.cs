using System.Globalization;

namespace GpuVae.Cli;

/// <summary>The KL of each latent unit as bars of inline SVG, the largest first.</summary>
internal static class UnitChart
{
    private const int Width = 640, Height = 180, Left = 64, Bottom = 30, Top = 16, MostBars = 128;

    public static string Svg(IReadOnlyList<double> kl)
    {
        (int Unit, double Kl)[] bars = [.. kl.Select((value, unit) => (unit, value)).OrderByDescending(bar => bar.value).Take(MostBars)];
        double largest = Math.Max(bars.Max(bar => bar.Kl), 1e-3), wide = (double)(Width - Left - 12) / bars.Length;
        IEnumerable<string> drawn = bars.Select((bar, i) =>
        {
            double height = Math.Max(0, bar.Kl) / largest * (Height - Top - Bottom);
            return Inv($"""<rect style="fill:var(--c)" x="{Left + i * wide:F1}" y="{Height - Bottom - height:F1}" """)
                + Inv($"""width="{Math.Max(1, 0.8 * wide):F1}" height="{height:F1}"><title>unit {bar.Unit}: {bar.Kl:F3}</title></rect>""")
                + (wide < 16 ? "" : Inv($"""<text x="{Left + (i + 0.4) * wide:F1}" y="{Height - Bottom + 14}" """)
                    + Inv($"""text-anchor="middle">{bar.Unit}</text>"""));
        });
        return Inv($"""
            <svg viewBox="0 0 {Width} {Height}" role="img" aria-label="KL of each latent unit">
            <line class="grid" x1="{Left}" x2="{Width - 12}" y1="{Height - Bottom}" y2="{Height - Bottom}"/>
            <text x="{Left - 8}" y="{Top + 4}" text-anchor="end">{largest:0.00}</text>
            <text x="{Left - 8}" y="{Height - Bottom + 4}" text-anchor="end">0</text>
            <text x="{Left}" y="{Top - 4}">nats</text>
            {string.Concat(drawn)}
            <text x="{Width - 12}" y="{Height - 2}" text-anchor="end">unit</text>
            </svg>
            """);
    }

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
