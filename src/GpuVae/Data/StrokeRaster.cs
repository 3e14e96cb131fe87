namespace GpuVae.Data;

/// <summary>
/// Draws round-capped strokes into a small grey raster by distance: a pixel's coverage is how far the pen's edge is from its centre,
/// clamped to one pixel, which is an anti-aliased edge. Uses +, −, ·, / and square roots only, which IEEE 754 defines to the last
/// bit, so the pixels are the same on every platform.
/// </summary>
internal ref struct StrokeRaster(Span<float> coverage, int size)
{
    private readonly Span<float> coverage = coverage;

    /// <summary>Adds the segment from (x0, y0) to (x1, y1), in pixels, of a pen whose radius goes from r0 to r1.</summary>
    public readonly void Line(float x0, float y0, float r0, float x1, float y1, float r1)
    {
        const float halfPixel = 0.5f;
        float reach = MathF.Max(r0, r1) + halfPixel;
        int left = Math.Max(0, (int)(MathF.Min(x0, x1) - reach)), right = Math.Min(size - 1, (int)(MathF.Max(x0, x1) + reach));
        int top = Math.Max(0, (int)(MathF.Min(y0, y1) - reach)), bottom = Math.Min(size - 1, (int)(MathF.Max(y0, y1) + reach));
        float dx = x1 - x0, dy = y1 - y0, lengthSquared = dx * dx + dy * dy;
        float inverse = lengthSquared > 0 ? 1 / lengthSquared : 0;
        for (int y = top; y <= bottom; y++)
            for (int x = left; x <= right; x++)
            {
                float px = x + 0.5f - x0, py = y + 0.5f - y0;
                float t = Math.Clamp((px * dx + py * dy) * inverse, 0, 1);
                float ex = px - t * dx, ey = py - t * dy;
                float inside = r0 + t * (r1 - r0) + halfPixel - MathF.Sqrt(ex * ex + ey * ey);
                // The maximum, not the sum: overlapping segments of one stroke must not thicken it.
                ref float pixel = ref coverage[y * size + x];
                pixel = MathF.Max(pixel, MathF.Min(inside, 1));
            }
    }
}
