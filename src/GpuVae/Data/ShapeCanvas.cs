using System.Numerics;
using System.Runtime.CompilerServices;

namespace GpuVae.Data;

/// <summary>A colour by its red, green and blue from 0 to 255.</summary>
internal readonly record struct Colour(Vector3 Rgb)
{
    /// <summary>From 0xRRGGBB.</summary>
    public Colour(int rgb) : this(new Vector3((rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255)) { }

    /// <summary>From 0, black, to 1, white.</summary>
    public float Lightness => (0.299f * Rgb.X + 0.587f * Rgb.Y + 0.114f * Rgb.Z) / 255;

    public Colour Times(float factor) => new(Rgb * factor);

    /// <summary>
    /// This where <paramref name="amount"/> is 0, <paramref name="other"/> where it is 1. (Vector3.Lerp rounds once or twice,
    /// as the processor likes.)
    /// </summary>
    public Colour Mix(Colour other, float amount) => new(Rgb + amount * (other.Rgb - Rgb));
}

/// <summary>
/// A square picture that shapes are laid on, one over the other, either painted (filled and shaded) or drawn (ink outlines on paper). A
/// pixel's coverage is the distance of its centre from the shape's edge, clamped to one pixel: an anti-aliased edge.
/// </summary>
/// <param name="pixels">[size, size], overwritten by <see cref="Begin"/>.</param>
/// <param name="size">Width and height.</param>
/// <param name="painted">Else drawn.</param>
internal ref struct ShapeCanvas(Span<Colour> pixels, int size, bool painted)
{
    /// <summary>How far outside its edge a shape still covers a part of a pixel.</summary>
    private const float EdgeReach = 0.5f;

    private const float PenRadius = 0.45f;
    private static readonly Colour Paper = new(0xFBF8F0), Ink = new(0x28263A);

    private readonly Span<Colour> pixels = pixels;
    private float pivotX, pivotY, cos = 1, sin;

    /// <summary>An empty sheet; painted it goes from one colour at the top to another at the bottom.</summary>
    public readonly void Begin(Colour top, Colour bottom)
    {
        for (int y = 0; y < size; y++)
            pixels.Slice(y * size, size).Fill(painted ? top.Mix(bottom, (y + 0.5f) / size) : Paper);
    }

    /// <summary>
    /// What is laid from now on is turned clockwise about a pivot, by the tangent of half the angle: that needs no sine, whose last bit
    /// differs between platforms.
    /// </summary>
    public void Turn(float x, float y, float halfTangent)
    {
        float square = halfTangent * halfTangent;
        (pivotX, pivotY, cos, sin) = (x, y, (1 - square) / (1 + square), 2 * halfTangent / (1 + square));
    }

    /// <summary>A body: painted it is round in light from the upper left; drawn it is an outline, hatched the more the darker.</summary>
    public readonly void Area<T>(T shape, Colour colour, bool hatched = false) where T : struct, IShape
    {
        if (painted)
            Lay(shape, new Shading(colour, shape.Bounds), EdgeReach);
        else
            Lay(shape, new Outline(hatched ? 0.75f * (1 - colour.Lightness) : 0), PenRadius + EdgeReach);
    }

    /// <summary>A flat mark: of its colour in a painting, of ink in a drawing.</summary>
    public readonly void Mark<T>(T shape, Colour colour) where T : struct, IShape =>
        Lay(shape, new Flat(painted ? colour : Ink, 1, 1), EdgeReach);

    /// <summary>A glaze over what is there, in paintings only; its edge fades over <paramref name="softness"/> pixels.</summary>
    public readonly void Glaze<T>(T shape, Colour colour, float opacity, float softness = 1) where T : struct, IShape
    {
        if (painted)
            Lay(shape, new Flat(colour, opacity, softness), EdgeReach * softness);
    }

    /// <summary>The picture as bytes, [3, size, size].</summary>
    public readonly void CopyToPlanar(Span<byte> destination)
    {
        int plane = size * size;
        for (int i = 0; i < plane; i++)
        {
            destination[i] = ToByte(pixels[i].Rgb.X);
            destination[plane + i] = ToByte(pixels[i].Rgb.Y);
            destination[2 * plane + i] = ToByte(pixels[i].Rgb.Z);
        }
    }

    /// <summary>Brushes all pixels whose centres are less than <paramref name="reach"/> outside the turned shape.</summary>
    private readonly void Lay<TShape, TBrush>(in TShape shape, in TBrush brush, float reach)
        where TShape : struct, IShape where TBrush : struct, IBrush
    {
        Bounds bounds = shape.Bounds;
        float dx = bounds.X - pivotX, dy = bounds.Y - pivotY;
        float centreX = pivotX + cos * dx - sin * dy, halfWidth = cos * bounds.HalfWidth + MathF.Abs(sin) * bounds.HalfHeight + reach;
        float centreY = pivotY + sin * dx + cos * dy, halfHeight = MathF.Abs(sin) * bounds.HalfWidth + cos * bounds.HalfHeight + reach;
        int left = Math.Max(0, (int)(centreX - halfWidth)), right = Math.Min(size - 1, (int)(centreX + halfWidth));
        int top = Math.Max(0, (int)(centreY - halfHeight)), bottom = Math.Min(size - 1, (int)(centreY + halfHeight));
        for (int row = top; row <= bottom; row++)
            for (int column = left; column <= right; column++)
            {
                float px = column + 0.5f - pivotX, py = row + 0.5f - pivotY;
                float x = pivotX + cos * px + sin * py, y = pivotY - sin * px + cos * py;
                float distance = shape.Distance(x, y);
                if (distance < reach)
                    brush.Put(ref pixels[row * size + column], distance, x, y);
            }
    }

    private static byte ToByte(float value) => (byte)(Math.Clamp(value, 0, 255) + 0.5f);

    private static float Coverage(float distance) => Math.Clamp(EdgeReach - distance, 0, 1);

    private interface IBrush
    {
        /// <summary>Changes a pixel that lies at (x, y), the given distance outside the shape's edge.</summary>
        void Put(ref Colour pixel, float distance, float x, float y);
    }

    private readonly record struct Flat(Colour Colour, float Opacity, float Softness) : IBrush
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Put(ref Colour pixel, float distance, float x, float y) =>
            pixel = pixel.Mix(Colour, Opacity * Coverage(distance / Softness));
    }

    private readonly struct Shading(Colour colour, Bounds bounds) : IBrush
    {
        private readonly float inverseWidth = 1 / bounds.HalfWidth, inverseHeight = 1 / bounds.HalfHeight;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Put(ref Colour pixel, float distance, float x, float y)
        {
            float away = 0.4f * (x - bounds.X) * inverseWidth + 0.6f * (y - bounds.Y) * inverseHeight;
            float edge = Math.Clamp(1 + 0.22f * distance, 0, 1);
            float light = 1.03f - 0.07f * away - edge * edge * (0.16f + 0.08f * away);
            pixel = pixel.Mix(colour.Times(light), Coverage(distance));
        }
    }

    private readonly record struct Outline(float Hatch) : IBrush
    {
        private const float Spacing = 3, HatchRadius = 0.4f;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Put(ref Colour pixel, float distance, float x, float y)
        {
            float ink = Coverage(MathF.Abs(distance) - PenRadius);
            if (Hatch > 0 && distance < 0)
            {
                // The distance to the nearest of parallel lines from the lower left to the upper right.
                float across = (x + y) * (0.70710678f / Spacing);
                float toLine = MathF.Abs(across - MathF.Floor(across) - 0.5f) * Spacing;
                ink = MathF.Max(ink, Hatch * Coverage(toLine - HatchRadius));
            }
            pixel = pixel.Mix(Paper, Coverage(distance)).Mix(Ink, ink);
        }
    }
}
