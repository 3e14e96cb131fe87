using System.Runtime.CompilerServices;

namespace GpuVae.Data;

/// <summary>A box that a shape lies in, by its centre and half its sides.</summary>
internal readonly record struct Bounds(float X, float Y, float HalfWidth, float HalfHeight);

/// <summary>
/// A plane figure as the signed distance to its edge, negative inside, exact or to first order: f / |∇f| of an implicit curve f = 0
/// (Taubin, "Distance approximations for rasterizing implicit curves", ACM TOG 13(1), 1994). Only +, −, ·, / and square roots, as the
/// pixels must be the same on every platform. Coordinates are those of the drawing, y downwards.
/// </summary>
internal interface IShape
{
    Bounds Bounds { get; }

    float Distance(float x, float y);
}

/// <summary>An ellipse that narrows downwards by <paramref name="Taper"/> per half height: with 0.2 an egg on its tip.</summary>
internal readonly record struct Egg(float X, float Y, float RadiusX, float RadiusY, float Taper = 0) : IShape
{
    public Bounds Bounds => new(X, Y, RadiusX * (1 + MathF.Abs(Taper)), RadiusY);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(float x, float y)
    {
        float v = (y - Y) / RadiusY, width = RadiusX * MathF.Max(0.2f, 1 - Taper * v), u = (x - X) / width;
        float length = MathF.Sqrt(u * u + v * v);
        float gx = u / width, gy = v / RadiusY, slope = MathF.Sqrt(gx * gx + gy * gy);
        return slope > 1e-6f ? length * (length - 1) / slope : -MathF.Min(width, RadiusY);
    }
}

/// <summary>A rectangle with round corners.</summary>
internal readonly record struct RoundBox(float X, float Y, float HalfWidth, float HalfHeight, float Corner) : IShape
{
    public Bounds Bounds => new(X, Y, HalfWidth, HalfHeight);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(float x, float y)
    {
        float dx = MathF.Abs(x - X) - HalfWidth + Corner, dy = MathF.Abs(y - Y) - HalfHeight + Corner;
        float ox = MathF.Max(dx, 0), oy = MathF.Max(dy, 0);
        return MathF.Sqrt(ox * ox + oy * oy) + MathF.Min(MathF.Max(dx, dy), 0) - Corner;
    }
}

/// <summary>What a round pen of <paramref name="Radius"/> draws along a parabola between two ends, hanging down by Sag.</summary>
internal readonly record struct Bow(float X, float Y, float HalfWidth, float Sag, float Radius) : IShape
{
    public Bounds Bounds => new(X, Y + Sag / 2, HalfWidth + Radius, MathF.Abs(Sag) / 2 + Radius);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(float x, float y)
    {
        float u = Math.Clamp((x - X) / HalfWidth, -1, 1), slope = -2 * Sag * u / HalfWidth;
        float dx = x - X - u * HalfWidth, dy = y - Y - Sag * (1 - u * u);
        float distance = dx == 0 ? MathF.Abs(dy) / MathF.Sqrt(1 + slope * slope) : MathF.Sqrt(dx * dx + dy * dy);
        return distance - Radius;
    }
}

/// <summary>What lies between two parabolas with common ends: from Top to Bottom below the line of the ends at the middle.</summary>
internal readonly record struct Lens(float X, float Y, float HalfWidth, float Top, float Bottom) : IShape
{
    public Bounds Bounds => new(X, Y + (MathF.Min(Top, 0) + MathF.Max(Bottom, 0)) / 2,
        HalfWidth, (MathF.Max(Bottom, 0) - MathF.Min(Top, 0)) / 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(float x, float y)
    {
        float u = (x - X) / HalfWidth, arch = 1 - u * u, fall = -2 * u / HalfWidth;
        float above = (Top * arch - (y - Y)) / MathF.Sqrt(1 + Top * fall * Top * fall);
        float below = (y - Y - Bottom * arch) / MathF.Sqrt(1 + Bottom * fall * Bottom * fall);
        return MathF.Max(above, below);
    }
}

/// <summary>A straight stroke of a round pen.</summary>
internal readonly record struct Stick(float X0, float Y0, float X1, float Y1, float Radius) : IShape
{
    public Bounds Bounds => new((X0 + X1) / 2, (Y0 + Y1) / 2, MathF.Abs(X1 - X0) / 2 + Radius, MathF.Abs(Y1 - Y0) / 2 + Radius);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(float x, float y)
    {
        float dx = X1 - X0, dy = Y1 - Y0, px = x - X0, py = y - Y0;
        float t = Math.Clamp((px * dx + py * dy) / (dx * dx + dy * dy), 0, 1);
        float ex = px - t * dx, ey = py - t * dy;
        return MathF.Sqrt(ex * ex + ey * ey) - Radius;
    }
}

/// <summary>Circles of one radius around an ellipse, with the ellipse: a head of curls, or a cloud.</summary>
internal readonly record struct Cloud(float X, float Y, float RadiusX, float RadiusY, float Curl) : IShape
{
    /// <summary>A little irregular, clockwise from the lower left, on the unit circle or near it.</summary>
    private static readonly (float X, float Y)[] Curls =
    [
        (-0.86f, 0.62f), (-1.02f, 0.26f), (-1.00f, -0.14f), (-0.86f, -0.51f), (-0.58f, -0.82f), (-0.20f, -0.99f),
        (0.21f, -0.98f), (0.59f, -0.82f), (0.87f, -0.50f), (1.00f, -0.13f), (1.02f, 0.27f), (0.85f, 0.63f),
    ];

    public Bounds Bounds => new(X, Y, 1.02f * RadiusX + Curl, RadiusY + Curl);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(float x, float y)
    {
        float nearest = float.MaxValue;
        foreach ((float cx, float cy) in Curls)
        {
            float dx = x - X - cx * RadiusX, dy = y - Y - cy * RadiusY;
            nearest = MathF.Min(nearest, dx * dx + dy * dy);
        }
        return MathF.Min(MathF.Sqrt(nearest) - Curl, new Egg(X, Y, RadiusX, RadiusY).Distance(x, y));
    }
}

/// <summary>Everything above (smaller y than) a line.</summary>
internal readonly record struct Above(float Y) : IShape
{
    public Bounds Bounds => new(0, Y - 1000, 1000, 1000);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(float x, float y) => y - Y;
}

/// <summary>The ways of making shapes of shapes.</summary>
internal static class ShapeOperations
{
    public static Rim<T> Rim<T>(this T shape, float radius) where T : struct, IShape => new(shape, radius);

    public static Union<TA, TB> Or<TA, TB>(this TA a, TB b) where TA : struct, IShape where TB : struct, IShape => new(a, b);

    public static Intersection<TA, TB> And<TA, TB>(this TA a, TB b) where TA : struct, IShape where TB : struct, IShape => new(a, b);

    public static Difference<TA, TB> Except<TA, TB>(this TA a, TB b) where TA : struct, IShape where TB : struct, IShape => new(a, b);
}

/// <summary>The edge of a shape, drawn with a pen of the given radius.</summary>
internal readonly record struct Rim<T>(T Shape, float Radius) : IShape where T : struct, IShape
{
    public Bounds Bounds => Shape.Bounds with
    {
        HalfWidth = Shape.Bounds.HalfWidth + Radius,
        HalfHeight = Shape.Bounds.HalfHeight + Radius,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(float x, float y) => MathF.Abs(Shape.Distance(x, y)) - Radius;
}

/// <summary>What is in either shape.</summary>
internal readonly record struct Union<TA, TB>(TA A, TB B) : IShape where TA : struct, IShape where TB : struct, IShape
{
    public Bounds Bounds
    {
        get
        {
            Bounds a = A.Bounds, b = B.Bounds;
            float left = MathF.Min(a.X - a.HalfWidth, b.X - b.HalfWidth), right = MathF.Max(a.X + a.HalfWidth, b.X + b.HalfWidth);
            float top = MathF.Min(a.Y - a.HalfHeight, b.Y - b.HalfHeight), bottom = MathF.Max(a.Y + a.HalfHeight, b.Y + b.HalfHeight);
            return new Bounds((left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(float x, float y) => MathF.Min(A.Distance(x, y), B.Distance(x, y));
}

/// <summary>What is in the first shape and also in the second.</summary>
internal readonly record struct Intersection<TA, TB>(TA A, TB B) : IShape where TA : struct, IShape where TB : struct, IShape
{
    public Bounds Bounds => A.Bounds;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(float x, float y) => MathF.Max(A.Distance(x, y), B.Distance(x, y));
}

/// <summary>What is in the first shape but not in the second.</summary>
internal readonly record struct Difference<TA, TB>(TA A, TB B) : IShape where TA : struct, IShape where TB : struct, IShape
{
    public Bounds Bounds => A.Bounds;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(float x, float y) => MathF.Max(A.Distance(x, y), -B.Distance(x, y));
}
