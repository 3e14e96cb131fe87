namespace GpuVae.Data;

/// <summary>
/// The built-in set: handwritten-looking digits and a few shapes, 28 × 28 grey, white on black, drawn by a pen whose path, slant,
/// size, thickness and pressure vary from image to image. Image i of a seed is a pure function of (seed, i), the same everywhere.
/// </summary>
public static class SyntheticDigits
{
    /// <summary>Width and height of the images.</summary>
    public const int Size = 28;

    private const int SegmentsPerSpan = 5;
    private const float MinThickness = 0.8f, MaxThickness = 1.65f;

    /// <summary>Several ways of writing each class, chosen with equal probability.</summary>
    private static readonly (string Name, Glyph[] Variants)[] Classes =
    [
        Class("0",
            "52,6 26,22 20,52 30,84 52,95 74,82 82,50 74,18 52,6",
            "62,8 36,12 20,44 26,82 50,95 76,78 82,44 70,14 48,8"),
        Class("1", "51,6 50,50 50,95", "34,24 52,6! 51,50 50,95", "36,22 52,6! 51,50 50,94! ; 30,94 70,94"),
        Class("2",
            "22,26 34,9 58,6 74,20 70,42 46,70 20,92! 50,91 82,92",
            "22,28 36,8 62,8 74,26 62,54 36,84 22,86 26,74 44,78 62,92 84,86"),
        Class("3",
            "22,14 48,5 72,16 70,36 44,48! 74,58 78,78 52,95 20,86",
            "22,10 50,9 76,10! 60,28 46,44! 72,54 78,76 54,94 22,86"),
        Class("4",
            "62,95 62,50 62,6! 40,36 18,66! 50,65 86,64",
            "28,8 24,36 24,56! 50,56 76,54 ; 74,10 70,50 68,95",
            "60,6 40,34 18,62! 52,64 84,60 ; 66,40 64,70 60,95"),
        Class("5",
            "76,8 54,8 32,9! 28,28 26,44! 50,38 74,50 76,76 54,94 22,86",
            "32,8 29,26 26,44! 50,37 74,50 76,76 52,94 20,86 ; 32,8 56,9 78,7"),
        Class("6",
            "70,8 44,22 26,50 24,78 46,95 70,86 76,66 58,52 36,58 26,76",
            "60,5 36,30 24,62 32,88 54,94 74,80 68,60 48,54 30,68"),
        Class("7",
            "18,12 48,11 80,10! 62,44 44,94",
            "18,12 48,11 80,10! 62,44 46,94 ; 34,52 74,48",
            "20,24 20,11! 50,12 80,9! 66,38 56,66 50,95"),
        Class("8",
            "72,20 50,6 28,20 36,38 64,58 76,78 50,95 26,78 38,56 64,38 72,20",
            "50,48 28,30 34,10 56,6 72,18 66,36 50,48 30,62 24,82 48,96 74,86 74,62 50,48"),
        Class("9",
            "74,30 60,10 36,10 24,30 34,50 58,50 74,30! 74,60 66,95",
            "74,22 52,6 28,18 26,42 48,52 72,36 75,20! 74,52 70,74 52,94 28,88"),
        Class("circle", "50,12 77,23 88,50 77,77 50,88 23,77 12,50 23,23 50,12"),
        Class("square", "16,16! 84,16! 84,84! 16,84! 16,16!"),
        Class("triangle", "50,10! 90,86! 10,86! 50,10!"),
        Class("star", "50,5! 61,37! 95,38! 68,58! 78,92! 50,72! 22,92! 32,58! 5,38! 39,37! 50,5!"),
    ];

    /// <summary>
    /// Makes <paramref name="count"/> labelled images; all classes are equally likely. Different seeds give unrelated images. Factors are
    /// <c>label</c>, <c>slant</c> (the shift to the left per unit of depth), <c>thickness</c> (the pen's radius in pixels) and <c>turn</c>
    /// (the tangent of half the angle of rotation, clockwise).
    /// </summary>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet Create(int count, ulong seed, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        byte[] pixels = new byte[checked(count * Size * Size)];
        int[] labels = new int[count];
        float[] slants = new float[count], thicknesses = new float[count], turns = new float[count];
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            var random = SplitMix64.ForItem(seed, (ulong)i);
            labels[i] = random.Next(Classes.Length);
            Glyph[] variants = Classes[labels[i]].Variants;
            Glyph glyph = variants[random.Next(variants.Length)];
            var hand = new Hand(ref random, isDigit: labels[i] < 10);
            (slants[i], thicknesses[i], turns[i]) = (hand.Slant, hand.Thickness, hand.Turn);
            Draw(glyph, hand, ref random, pixels.AsSpan(i * Size * Size, Size * Size));
        });
        string[] names = [.. Classes.Select(c => c.Name)];
        Factor[] factors =
        [
            Factor.Categorical("label", names, labels),
            Factor.Continuous("slant", slants, 0),
            Factor.Continuous("thickness", thicknesses, (MinThickness + MaxThickness) / 2),
            Factor.Continuous("turn", turns, 0),
        ];
        return new ImageSet("digits", Size, Size, 1, pixels, labels, names, factors);
    }

    private static (string, Glyph[]) Class(string name, params string[] variants) => (name, [.. variants.Select(Glyph.Parse)]);

    private static void Draw(Glyph glyph, in Hand hand, ref SplitMix64 random, Span<byte> pixels)
    {
        Span<float> coverage = stackalloc float[Size * Size];
        coverage.Clear();
        var raster = new StrokeRaster(coverage, Size);
        Span<float> x = stackalloc float[16], y = stackalloc float[16];
        foreach (Glyph.Stroke stroke in glyph.Strokes)
        {
            int n = stroke.X.Length;
            for (int i = 0; i < n; i++)
            {
                (float jitterX, float jitterY) = (random.Bell(), random.Bell());
                (x[i], y[i]) = hand.Place(stroke.X[i] + 2.2f * jitterX, stroke.Y[i] + 2.2f * jitterY);
            }
            if (stroke.Closed)
                (x[n - 1], y[n - 1]) = (x[0], y[0]);
            DrawStroke(raster, stroke, x[..n], y[..n], hand);
        }
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(Math.Clamp(coverage[i], 0, 1) * 255 + 0.5f);
    }

    /// <summary>A Catmull–Rom spline: the tangent at a point is half the way from its predecessor to its successor.</summary>
    private static void DrawStroke(StrokeRaster raster, Glyph.Stroke stroke, ReadOnlySpan<float> x, ReadOnlySpan<float> y, in Hand hand)
    {
        int spans = x.Length - 1;
        for (int i = 0; i < spans; i++)
        {
            // At a corner or an end the missing neighbour is the point itself, so that the curve arrives straight.
            int before = stroke.Corner[i] ? i : i > 0 ? i - 1 : stroke.Closed ? spans - 1 : i;
            int after = stroke.Corner[i + 1] ? i + 1 : i + 1 < spans ? i + 2 : stroke.Closed ? 1 : i + 1;
            float ax = 0.5f * (x[i + 1] - x[before]), ay = 0.5f * (y[i + 1] - y[before]);
            float bx = 0.5f * (x[after] - x[i]), by = 0.5f * (y[after] - y[i]);
            (float lastX, float lastY, float lastRadius) = (x[i], y[i], hand.Radius((float)i / spans));
            for (int k = 1; k <= SegmentsPerSpan; k++)
            {
                // Cubic Hermite basis.
                float t = (float)k / SegmentsPerSpan, t2 = t * t, t3 = t2 * t;
                float h10 = t3 - 2 * t2 + t, h01 = 3 * t2 - 2 * t3, h11 = t3 - t2;
                float px = x[i] + h01 * (x[i + 1] - x[i]) + h10 * ax + h11 * bx;
                float py = y[i] + h01 * (y[i + 1] - y[i]) + h10 * ay + h11 * by;
                float radius = hand.Radius((i + t) / spans);
                raster.Line(lastX, lastY, lastRadius, px, py, radius);
                (lastX, lastY, lastRadius) = (px, py, radius);
            }
        }
    }

    /// <summary>How one image is written: the map from the glyph's box to pixels, and the pen.</summary>
    private readonly struct Hand
    {
        private readonly float xx, xy, yx, yy, bendX, bendY, centreX, centreY, pressure;

        /// <summary>Digits are narrow and slanted; shapes are not, or a circle would be a zero.</summary>
        public Hand(ref SplitMix64 random, bool isDigit)
        {
            float scaleY = random.Uniform(0.185f, 0.215f);
            float scaleX = scaleY * (isDigit ? random.Uniform(0.76f, 0.98f) : random.Uniform(0.95f, 1.1f));
            Slant = (isDigit ? 0.16f : 0.03f) * random.Bell();
            // A rotation by its half-angle tangent needs no sine, whose last bit differs between platforms.
            Turn = 0.045f * random.Bell();
            float cos = (1 - Turn * Turn) / (1 + Turn * Turn), sin = 2 * Turn / (1 + Turn * Turn);
            (xx, yx) = (cos * scaleX, sin * scaleX);
            (xy, yy) = (-cos * Slant * scaleY - sin * scaleY, -sin * Slant * scaleY + cos * scaleY);
            (bendX, bendY) = (0.0012f * random.Bell(), 0.0010f * random.Bell());
            (centreX, centreY) = (Size / 2f + 0.7f * random.Bell(), Size / 2f + 0.6f * random.Bell());
            Thickness = random.Uniform(MinThickness, MaxThickness);
            pressure = random.Uniform(-0.22f, 0.22f);
        }

        public float Slant { get; }
        public float Thickness { get; }
        public float Turn { get; }

        /// <summary>From the box of 100 × 100 to pixels; the bend curves straight strokes a little.</summary>
        public (float X, float Y) Place(float x, float y)
        {
            float u = x - 50, v = y - 50;
            (u, v) = (u + bendX * v * v, v + bendY * u * u);
            return (centreX + xx * u + xy * v, centreY + yx * u + yy * v);
        }

        /// <summary>The pen's radius after the fraction <paramref name="along"/> of a stroke: it presses harder at one end.</summary>
        public float Radius(float along) => Thickness * (1 + pressure * (2 * along - 1));
    }
}
