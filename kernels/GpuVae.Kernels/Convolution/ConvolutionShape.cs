using GpuVae.Kernels.Common;

namespace GpuVae.Kernels.Convolution;

/// <summary>A convolution: x [batch, height, width, inputs] to y [batch, output height, output width, outputs].</summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows of x.</param>
/// <param name="Width">Columns of x.</param>
/// <param name="Inputs">Channels of x.</param>
/// <param name="Outputs">Channels of y.</param>
/// <param name="Kernel">Rows and columns of the kernel.</param>
/// <param name="Stride">Pixels of x from one pixel of y to the next, in both directions.</param>
/// <param name="Padding">Rows and columns of zeros around x.</param>
public readonly record struct ConvolutionShape(
    int Batch, int Height, int Width, int Inputs, int Outputs, int Kernel, int Stride, int Padding)
{
    /// <summary>Rows of y: ⌊(height + 2·padding - kernel) / stride⌋ + 1.</summary>
    public int OutputHeight => (Height + 2 * Padding - Kernel) / Stride + 1;

    /// <summary>Columns of y, likewise.</summary>
    public int OutputWidth => (Width + 2 * Padding - Kernel) / Stride + 1;

    /// <summary>Elements of the weights [k, k, inputs, outputs].</summary>
    public int Weights => Kernel * Kernel * Inputs * Outputs;

    /// <summary>Floating-point operations of the product, forward or either gradient; edges count as if there were pixels.</summary>
    public double Flops => 2.0 * Batch * OutputHeight * OutputWidth * Weights;

    internal long InputLength => (long)Batch * Height * Width * Inputs;

    internal long OutputLength => (long)Batch * OutputHeight * OutputWidth * Outputs;

    internal PatchArguments Forward =>
        Patches(Height, Width, Inputs, OutputHeight, OutputWidth, Outputs) with { SourceStep = Stride };

    internal PatchArguments DataGradient =>
        Patches(OutputHeight, OutputWidth, Outputs, Height, Width, Inputs) with { TargetStep = Stride, IsGradient = 1 };

    /// <summary>The data gradient with its phases side by side.</summary>
    internal PatchArguments BlockedDataGradient =>
        Patches(
            OutputHeight, OutputWidth, Outputs, Blocks.Of(Height, Stride), Blocks.Of(Width, Stride), Stride * Stride * Inputs) with
        {
            Kernel = BlockTaps,
            Padding = -FirstOfBlock,
            Block = Stride,
            BlockedHeight = Height,
            BlockedWidth = Width,
            BlockedChannels = Inputs,
        };

    /// <summary>Forward with stride 1, four target pixels of a square side by side: a convolution of stride 2, a tap larger.</summary>
    internal PatchArguments BlockedForward =>
        Patches(Height, Width, Inputs, Blocks.Of(OutputHeight, 2), Blocks.Of(OutputWidth, 2), 4 * Outputs) with
        {
            Kernel = Kernel + 1,
            SourceStep = 2,
            Block = 2,
            SpreadsWeights = 1,
            BlockedHeight = OutputHeight,
            BlockedWidth = OutputWidth,
            BlockedChannels = Outputs,
        };

    /// <summary>
    /// With stride 1: the convolution of y whose weights' gradient is that of this one's, channels exchanged and the last tap first.
    /// </summary>
    internal ConvolutionShape Exchanged => new(Batch, OutputHeight, OutputWidth, Outputs, Inputs, Kernel, 1, Kernel - 1 - Padding);

    private PatchArguments Patches(int height, int width, int channels, int targetHeight, int targetWidth, int columns) => new()
    {
        Batch = Batch,
        SourceHeight = height,
        SourceWidth = width,
        Channels = channels,
        TargetHeight = targetHeight,
        TargetWidth = targetWidth,
        Columns = columns,
        Kernel = Kernel,
        Padding = Padding,
        SourceStep = 1,
        TargetStep = 1,
        Block = 1,
    };

    /// <summary>Block i of x depends on pixels i + this and on of y: ⌈(p - k + 1) / s⌉, by the last tap of its first pixel.</summary>
    internal int FirstOfBlock => (int)Math.Ceiling((Padding - Kernel + 1) / (double)Stride);

    /// <summary>Pixels of y that a block of x depends on, along one axis; the last is the first tap's of the block's last pixel.</summary>
    internal int BlockTaps => (Stride - 1 + Padding) / Stride - FirstOfBlock + 1;

    /// <summary>Elements of scratch that the data gradient needs.</summary>
    public int ScratchLength => Math.Max(Weights, BlockTaps * BlockTaps * Outputs * Stride * Stride * Inputs);

    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the padding negative.</exception>
    /// <exception cref="ArgumentException">The kernel is larger than the padded image, or an operand beyond 32-bit indices.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Outputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Kernel);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Stride);
        ArgumentOutOfRangeException.ThrowIfNegative(Padding);
        if (Kernel > Math.Min(Height, Width) + 2 * Padding)
        {
            throw new ArgumentException(
                $"A kernel of {Kernel} × {Kernel} does not fit an image of {Width} × {Height} with {Padding} of padding on each side.");
        }
        if (Math.Max(InputLength, OutputLength) > int.MaxValue || (long)Kernel * Kernel * Inputs * Outputs > int.MaxValue)
            throw new ArgumentException($"{this} has an operand beyond 2³¹ elements; the kernels index with 32 bits. Use a smaller batch.");
    }
}
