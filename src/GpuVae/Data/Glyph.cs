using System.Globalization;

namespace GpuVae.Data;

/// <summary>
/// A drawing as the path of a pen: points in a box of 100 × 100, y downwards, joined by a smooth curve (Catmull–Rom).
/// In the notation "x,y x,y! ; x,y …" an exclamation mark makes a corner and a semicolon lifts the pen. A stroke that ends where it
/// began is a closed curve.
/// </summary>
internal sealed class Glyph
{
    private Glyph(Stroke[] strokes) => Strokes = strokes;

    public Stroke[] Strokes { get; }

    public static Glyph Parse(string notation) => new([.. notation.Split(';').Select(Stroke.Parse)]);

    internal sealed class Stroke
    {
        public required float[] X { get; init; }
        public required float[] Y { get; init; }
        public required bool[] Corner { get; init; }
        public bool Closed { get; private init; }

        public static Stroke Parse(string notation)
        {
            string[] points = notation.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            float[][] xy = [.. points.Select(p => p.TrimEnd('!').Split(','))
                .Select(pair => Array.ConvertAll(pair, v => float.Parse(v, CultureInfo.InvariantCulture)))];
            return new Stroke
            {
                X = [.. xy.Select(p => p[0])],
                Y = [.. xy.Select(p => p[1])],
                Corner = [.. points.Select(p => p.EndsWith('!'))],
                Closed = xy.Length > 2 && xy[0].SequenceEqual(xy[^1]),
            };
        }
    }
}
