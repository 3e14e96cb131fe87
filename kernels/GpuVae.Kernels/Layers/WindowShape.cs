namespace GpuVae.Kernels.Layers;

/// <summary>
/// Pooling: x [batch, height, width, channels] to y [batch, output height, output width, channels], one window for each pixel of y.
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows of x.</param>
/// <param name="Width">Columns of x.</param>
/// <param name="Channels">Of both.</param>
/// <param name="Kernel">Rows and columns of a window.</param>
/// <param name="Stride">Pixels from one window to the next, in both directions.</param>
/// <param name="Padding">Rows and columns by which windows reach beyond x; less than the kernel, so that each has a pixel of x.</param>
public readonly record struct WindowShape(int Batch, int Height, int Width, int Channels, int Kernel, int Stride, int Padding)
{
    /// <summary>Rows of y: ⌊(height + 2·padding - kernel) / stride⌋ + 1.</summary>
    public int OutputHeight => (Height + 2 * Padding - Kernel) / Stride + 1;

    /// <summary>Columns of y, likewise.</summary>
    public int OutputWidth => (Width + 2 * Padding - Kernel) / Stride + 1;

    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the padding not in [0, kernel).</exception>
    /// <exception cref="ArgumentException">A window is larger than the padded image.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Channels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Stride);
        ArgumentOutOfRangeException.ThrowIfNegative(Padding);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Kernel, Padding);
        if (Kernel > Math.Min(Height, Width) + 2 * Padding)
            throw new ArgumentException(
                $"A window of {Kernel} × {Kernel} does not fit an image of {Width} × {Height} with {Padding} of padding on each side.");
    }
}
