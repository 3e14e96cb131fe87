// Convolution of images with channels innermost, forward and its gradient to the data, as implicit matrix products (ConvolutionPatches.cs):
//
//   forward         y[b, oy, ox, o]  = epilogue(Σ_{ky, kx, i} x[b, s·oy - p + ky, s·ox - p + kx, i] · w[ky, kx, i, o])
//   data gradient   dx[b, y, x, i]   = epilogue(Σ_{ky, kx, o} dy[b, (y + p - ky) / s, (x + p - kx) / s, o] · w[ky, kx, i, o])
//                                      over the taps whose divisions have no remainder (Dumoulin & Visin 2016, arXiv:1603.07285)
//
// A transposed convolution is the data gradient of a convolution, and the data gradient of a transposed one is a convolution forward.
// The gradient to the weights is in ConvolutionWeightGradient.cs.
//
// Weights lie as [k, k, inputs, outputs]: that is PyTorch's [outputs, inputs, k, k] of a convolution, and the [inputs, outputs, k, k] of a
// transposed one, with its first axis last and its second one last but one, so that both operands' channels are neighbours in memory.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Simd;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Convolution;

/// <summary>A convolution forward and its data gradient with one epilogue.</summary>
/// <typeparam name="TEpilogue">
/// What happens to each element before it is stored; its row is the pixel (numbered over the batch), its column the channel.
/// </typeparam>
public sealed class Convolution<TEpilogue>(Accelerator accelerator)
    where TEpilogue : struct, IEpilogue
{
    // A group's block of the target stays in the second-level cache between slices.
    private const int MaxRowsPerGroup = 512;

    private readonly ConvolutionBlocking blocking = new(accelerator);
    private Launcher? product, narrowProduct;
    private Action<AcceleratorStream, Index1D, FloatView, FloatView, int, int, int>? transpose;
    private Action<AcceleratorStream, Index1D, FloatView, FloatView, BlockWeights>? spread;

    private delegate void Launcher(
        AcceleratorStream stream, KernelConfig config, FloatView source, FloatView weight, FloatView target, PatchArguments arguments,
        TEpilogue epilogue);

    /// <summary>y = epilogue(x ∗ w).</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="x">[batch, height, width, inputs].</param>
    /// <param name="weight">[k, k, inputs, outputs].</param>
    /// <param name="y">[batch, output height, output width, outputs], written.</param>
    /// <param name="epilogue">Applied to each element before it is stored.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the padding negative.</exception>
    /// <exception cref="ArgumentException">The kernel is larger than the padded image, or a view too short.</exception>
    public void Forward(AcceleratorStream stream, ConvolutionShape shape, FloatView x, FloatView weight, FloatView y, TEpilogue epilogue)
    {
        shape.Check();
        Require(nameof(x), x, shape.InputLength);
        Require(nameof(weight), weight, shape.Weights);
        Require(nameof(y), y, shape.OutputLength);
        Launch(stream, PaysBlocks(shape) ? shape.BlockedForward : shape.Forward, x, weight, y, epilogue);
    }

    /// <summary>dx = epilogue(the gradient of <see cref="Forward"/>'s product with respect to x).</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="dy">[batch, output height, output width, outputs].</param>
    /// <param name="weight">[k, k, inputs, outputs].</param>
    /// <param name="scratch">
    /// <see cref="ConvolutionShape.ScratchLength"/> elements; overwritten with the weights in the order that the product reads them in.
    /// </param>
    /// <param name="dx">[batch, height, width, inputs], written.</param>
    /// <param name="epilogue">Applied to each element before it is stored.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the padding negative.</exception>
    /// <exception cref="ArgumentException">The kernel is larger than the padded image, or a view too short.</exception>
    public void DataGradient(
        AcceleratorStream stream, ConvolutionShape shape, FloatView dy, FloatView weight, FloatView scratch, FloatView dx,
        TEpilogue epilogue)
    {
        shape.Check();
        Require(nameof(dy), dy, shape.OutputLength);
        Require(nameof(weight), weight, shape.Weights);
        Require(nameof(scratch), scratch, shape.ScratchLength);
        Require(nameof(dx), dx, shape.InputLength);
        PatchArguments blocked = shape.BlockedDataGradient;
        if (shape.Stride > 1 && blocked.Columns <= blocking.TileColumns)
        {
            spread ??= accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, BlockWeights>(SpreadKernel);
            spread(stream, blocked.PhaseDepth * blocked.Columns, weight, scratch, new BlockWeights(shape));
            Launch(stream, blocked, dy, scratch, dx, epilogue);
            return;
        }
        // With stride 1 it is a convolution forward of dy with the last tap first.
        bool paysBlocks = shape.Stride == 1 && shape.Padding < shape.Kernel && PaysBlocks(shape.Exchanged);
        transpose ??= accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int, int, int>(TransposeKernel);
        transpose(
            stream, shape.Weights, weight, scratch, shape.Inputs, shape.Outputs, paysBlocks ? shape.Kernel * shape.Kernel - 1 : 0);
        Launch(stream, paysBlocks ? shape.Exchanged.BlockedForward : shape.DataGradient, dy, scratch, dx, epilogue);
    }

    private void Launch(
        AcceleratorStream stream, PatchArguments g, FloatView source, FloatView weight, FloatView target, TEpilogue epilogue)
    {
        int phases = g.TargetStep * g.TargetStep;
        int rowTiles = Blocks.Of(g.PhaseRows, blocking.TileColumns), panels = Blocks.Of(g.Columns, blocking.TileColumns);
        g.PanelsPerGroup = 1;
        g.TilesPerGroup = 1;
        if (blocking.UsesLanes)
        {
            g.PanelsPerGroup = Math.Min(panels, ConvolutionLanes.MaxPanels);
            int capacity = Math.Min(ConvolutionLanes.MaxDepth, ConvolutionLanes.SliceElements / (g.PanelsPerGroup * blocking.TileColumns));
            bool followsLines = FollowsLines(g);
            g.Slice(capacity, followsLines ? ConvolutionLanes.SegmentPixels : 1);
            rowTiles = followsLines
                ? g.PhaseLines * Blocks.Of(g.PhaseWidth, ConvolutionLanes.SegmentPixels)
                : Blocks.Of(g.PhaseRows, ConvolutionLanes.SegmentPixels);
            int shared = phases * Blocks.Of(panels, g.PanelsPerGroup);
            int groups = Math.Max(Blocks.Of(blocking.WantedGroups, shared), Blocks.Of(g.PhaseRows, MaxRowsPerGroup));
            g.TilesPerGroup = Blocks.Of(rowTiles, Math.Min(groups, rowTiles));
        }
        g.GroupsX = Blocks.Of(panels, g.PanelsPerGroup);
        int count = g.GroupsX * phases * Blocks.Of(rowTiles, g.TilesPerGroup);
        LauncherFor(g)(stream, (new Index2D(count, 1), blocking.Group), source, weight, target, g, epilogue);
    }

    // A line's last pixels are filled up to a whole micro-kernel: up to a fifth of all in vain costs less than copying each pixel's patch.
    // Blocks of pixels are stored line by line.
    private bool FollowsLines(PatchArguments g)
    {
        if (g.Block > 1)
            return true;
        int rows = RowsOfSums(g), computed = Blocks.Of(g.PhaseWidth, rows) * rows;
        return 4 * computed < 5 * g.PhaseWidth;
    }

    // Vectors that the micro-kernel multiplies for a pixel, one pixel or a block of four at a time.
    private bool PaysBlocks(ConvolutionShape shape)
    {
        int taps = shape.Kernel * shape.Kernel, ofBlock = (shape.Kernel + 1) * (shape.Kernel + 1);
        return blocking.UsesLanes && shape.Stride == 1 && 4 * shape.Outputs <= blocking.TileColumns
            && ofBlock * Vectors(4 * shape.Outputs) < 4 * taps * Vectors(shape.Outputs);
    }

    private int Vectors(int columns) =>
        blocking.HasManyRegisters && columns <= accelerator.WarpSize ? 1 : 2 * Blocks.Of(columns, blocking.TileColumns);

    private int RowsOfSums(PatchArguments g) =>
        !blocking.HasManyRegisters ? Rows4.Rows : IsNarrow(g) ? NarrowRows16.Rows : Rows8.Rows;

    // With one vector of columns, half of the arithmetic of two would be in vain.
    private bool IsNarrow(PatchArguments g) => g.Columns <= accelerator.WarpSize;

    private Launcher LauncherFor(PatchArguments g)
    {
        if (!blocking.UsesLanes)
            return product ??= Load(ConvolutionTiles.Kernel);
        if (!blocking.HasManyRegisters)
            return product ??= Load(ConvolutionLanes.Kernel<Rows4, TEpilogue>);
        return IsNarrow(g)
            ? narrowProduct ??= Load(ConvolutionLanes.Kernel<NarrowRows16, TEpilogue>)
            : product ??= Load(ConvolutionLanes.Kernel<Rows8, TEpilogue>);
    }

    private Launcher Load(Action<FloatView, FloatView, FloatView, PatchArguments, TEpilogue> kernel) => new(accelerator.LoadKernel(kernel));

    private static void Require(string name, FloatView view, long length)
    {
        if (view.Length < length)
            throw new ArgumentException($"{name} needs {length} elements, but its view has {view.Length}.");
    }

    /// <summary>
    /// [tap y, tap x, inputs, outputs] → [pixel y of dy, pixel x, outputs, y in the block, x in the block, inputs], zero where the pixel of
    /// dy does not depend on that of the block; one thread per element of the result.
    /// </summary>
    private static void SpreadKernel(Index1D at, FloatView weight, FloatView spread, BlockWeights w)
    {
        int columns = w.Stride * w.Stride * w.Inputs;
        int row = at.X / columns, column = at.X - row * columns;
        int pixel = row / w.Outputs, output = row - pixel * w.Outputs;
        int place = column / w.Inputs, input = column - place * w.Inputs;
        int tapY = place / w.Stride + w.Padding - w.Stride * (w.First + pixel / w.Taps);
        int tapX = place % w.Stride + w.Padding - w.Stride * (w.First + pixel % w.Taps);
        float value = 0f;
        if (tapY >= 0 && tapY < w.Kernel && tapX >= 0 && tapX < w.Kernel)
            value = weight[((tapY * w.Kernel + tapX) * w.Inputs + input) * w.Outputs + output];
        spread[at] = value;
    }

    /// <summary>
    /// [taps, inputs, outputs] → [taps, outputs, inputs], the last tap first where <paramref name="lastTap"/> is not 0; one thread per
    /// element of the result.
    /// </summary>
    private static void TransposeKernel(Index1D at, FloatView weight, FloatView transposed, int inputs, int outputs, int lastTap)
    {
        int row = at.X / inputs;
        int tap = row / outputs, output = row - tap * outputs;
        int from = lastTap > 0 ? lastTap - tap : tap;
        transposed[at] = weight[(from * inputs + at.X - row * inputs) * outputs + output];
    }
}

/// <summary>What spreading weights over the pixels of a block needs to know.</summary>
internal readonly struct BlockWeights(ConvolutionShape shape)
{
    public readonly int Kernel = shape.Kernel, Stride = shape.Stride, Padding = shape.Padding;
    public readonly int Inputs = shape.Inputs, Outputs = shape.Outputs;

    /// <summary>See <see cref="ConvolutionShape.BlockTaps"/> and <see cref="ConvolutionShape.FirstOfBlock"/>.</summary>
    public readonly int Taps = shape.BlockTaps, First = shape.FirstOfBlock;
}
