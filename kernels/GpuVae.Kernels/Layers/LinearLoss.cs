// The last layer of a decoder with the reconstruction term of the ELBO and its gradient in one launch, W being stored [inputs × outputs]:
//
//   y      = x·W + b                       [batch × outputs], not kept
//   loss   = Σ -ln p(target | y)           in parts: for each row one sum per panel of columns
//   dy     = scale·d loss/dy               [batch × outputs]
//
// With k samples per image row r has the target r / k.
//
// On a CPU a group takes the product's sums to dy as y, goes through them once more while they are in its first-level cache and puts the
// gradient in their place; threads read back what they wrote themselves. On a GPU that happens before the sums leave shared memory. A part
// is the sum over one group's columns in a fixed order.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Simd;
using GpuVae.Kernels.Likelihoods;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>A linear layer and the likelihood of what it gives, forward and backward.</summary>
/// <typeparam name="TLikelihood">-ln p(target | y) of one element.</typeparam>
public sealed class LinearLoss<TLikelihood>(GemmContext gemm)
    where TLikelihood : struct, ILikelihood
{
    private readonly TileLauncher?[] tiles = new TileLauncher?[GemmTileLaunch.Shapes];
    private Launcher? launcher;

    private delegate void TileLauncher(
        AcceleratorStream stream, KernelConfig config, FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy,
        FloatView parts, FloatView workspace, ArrayView<int> tickets, GemmArguments arguments, TLikelihood likelihood, float scale,
        int samplesPerImage);

    private delegate void Launcher(
        AcceleratorStream stream, KernelConfig config, FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy,
        FloatView parts, GemmArguments arguments, TLikelihood likelihood, float scale, int samplesPerImage);

    /// <summary>Parts of the loss per row of the batch.</summary>
    /// <param name="batch">As for <see cref="Run"/>.</param>
    /// <param name="inputs">As for <see cref="Run"/>.</param>
    /// <param name="outputs">As for <see cref="Run"/>.</param>
    public int PartsPerRow(int batch, int inputs, int outputs) => GemmContext.Blocks(
        outputs,
        gemm.Tiles is not null ? GemmTileRule.Extents(Choose(batch, inputs, outputs).Variant).Columns : gemm.TileColumns);

    /// <summary>Computes the loss and its gradient.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="batch">Rows; 1 at least.</param>
    /// <param name="inputs">Columns of x, rows of W.</param>
    /// <param name="outputs">Columns of W and dy.</param>
    /// <param name="x">[batch × inputs].</param>
    /// <param name="weight">[inputs × outputs].</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="target">[batch / samplesPerImage × outputs].</param>
    /// <param name="dy">[batch × outputs], written: scale·d loss/dy.</param>
    /// <param name="parts">[batch × <see cref="PartsPerRow"/>], written: nats, to be added up.</param>
    /// <param name="likelihood">The likelihood.</param>
    /// <param name="scale">1 / batch.</param>
    /// <param name="samplesPerImage">Consecutive rows that have the same target.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public void Run(
        AcceleratorStream stream, int batch, int inputs, int outputs, FloatView x, FloatView weight, FloatView bias, FloatView target,
        FloatView dy, FloatView parts, TLikelihood likelihood, float scale, int samplesPerImage = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        var g = new GemmArguments
        {
            M = batch,
            N = outputs,
            K = inputs,
            ARow = inputs,
            ADepth = 1,
            BColumn = 1,
            BDepth = outputs,
            Ldc = outputs,
            Alpha = 1,
        };
        if (gemm.Tiles is { } launch)
        {
            RunTiles(launch, stream, g, x, weight, bias, target, dy, parts, likelihood, scale, samplesPerImage);
            return;
        }
        int groups = GemmStaged.Cut(gemm, ref g, gemm.WantedGroups);
        launcher ??= new Launcher(
            gemm.Accelerator.LoadKernel<
                FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, GemmArguments, TLikelihood, float, int>(
                gemm.TileRows == GemmLanes.ManyRows ? LaneKernel12 : LaneKernel6));
        launcher(stream, (new Index2D(groups, 1), gemm.Group), x, weight, bias, target, dy, parts, g, likelihood, scale,
            samplesPerImage);
    }

    private GemmChoice Choose(int batch, int inputs, int outputs) =>
        gemm.Choose(new GemmProblem(GemmUse.Loss, false, false, batch, outputs, inputs));

    private void RunTiles(
        GemmTileLaunch launch, AcceleratorStream stream, GemmArguments g, FloatView x, FloatView weight, FloatView bias, FloatView target,
        FloatView dy, FloatView parts, TLikelihood likelihood, float scale, int samplesPerImage)
    {
        GemmChoice choice = Choose(g.M, g.K, g.N);
        int groups = launch.Cut(ref g, choice.Variant, choice.Slices, default);
        launch.Reserve(stream, g);
        g.AVectors = GemmTileLaunch.Vectors(x, g.ARow);
        g.BVectors = GemmTileLaunch.Vectors(weight, g.BDepth);
        TileLauncher launcher = tiles[GemmTileLaunch.Shape(choice.Variant)] ??= LoadTiles(choice.Variant);
        launcher(
            stream, (new Index1D(groups), GemmTileLaunch.Threads(choice.Variant)), x, weight, bias, target, dy, parts,
            launch.Workspace.Sums, launch.Workspace.Tickets, g, likelihood, scale, samplesPerImage);
    }

    private TileLauncher LoadTiles(GemmVariant variant)
    {
        Action<
            FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, ArrayView<int>, GemmArguments, TLikelihood,
            float, int> kernel = (gemm.Tiles!.Precision, variant) switch
            {
                (MatrixPrecision.Tf32, GemmVariant.Tile128x128) => TensorKernel<Tile128x128, Tf32Precision>,
                (MatrixPrecision.Tf32, _) => TensorKernel<Tile64x64, Tf32Precision>,
                (MatrixPrecision.Bf16, GemmVariant.Tile128x128) => TensorKernel<Tile128x128, Bf16Precision>,
                (MatrixPrecision.Bf16, _) => TensorKernel<Tile64x64, Bf16Precision>,
                (_, GemmVariant.Tile128x128) => TileKernel<Tile128x128>,
                (_, GemmVariant.Tile128x64) => TileKernel<Tile128x64>,
                (_, GemmVariant.Tile64x64) => TileKernel<Tile64x64>,
                (_, GemmVariant.Tile32x32) => TileKernel<Tile32x32>,
                _ => TileKernel<Tile16x16>,
            };
        return new(gemm.Accelerator.LoadKernel(kernel, GemmTileLaunch.Bounds(variant)));
    }

    private static void LaneKernel12(
        FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy, FloatView parts, GemmArguments g,
        TLikelihood likelihood, float scale, int samplesPerImage)
    {
        FloatView slice = SharedMemory.Allocate<float>(GemmStaged.SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(GemmLanes.ManyRows * 2 * GemmLanes.MaxWarp);
        var block = new GemmLanes.Block(g, Grid.IdxX % g.GroupsX, Grid.IdxX / g.GroupsX, GemmLanes.ManyRows);
        GemmStaged.Multiply12<GemmLanes.DistantRows, GemmStaged.Copied, BiasEpilogue<Identity>>(
            x, weight, dy, slice, sums, g, block, new BiasEpilogue<Identity>(bias));
        Differentiate(target, dy, parts, g, block, likelihood, scale, samplesPerImage);
    }

    private static void LaneKernel6(
        FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy, FloatView parts, GemmArguments g,
        TLikelihood likelihood, float scale, int samplesPerImage)
    {
        FloatView slice = SharedMemory.Allocate<float>(GemmStaged.SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(GemmLanes.FewRows * 2 * GemmLanes.MaxWarp);
        var block = new GemmLanes.Block(g, Grid.IdxX % g.GroupsX, Grid.IdxX / g.GroupsX, GemmLanes.FewRows);
        GemmStaged.Multiply6<GemmLanes.DistantRows, GemmStaged.Copied, BiasEpilogue<Identity>>(
            x, weight, dy, slice, sums, g, block, new BiasEpilogue<Identity>(bias));
        Differentiate(target, dy, parts, g, block, likelihood, scale, samplesPerImage);
    }

    private static void TileKernel<TShape>(
        FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy, FloatView parts, FloatView workspace,
        ArrayView<int> tickets, GemmArguments g, TLikelihood likelihood, float scale, int samplesPerImage)
        where TShape : struct, ITileShape
    {
        FloatView shared = SharedMemory.Allocate<float>(TileLayout<TShape>.SharedElements);
        GemmTiles.Multiply<TShape, AlongDepth, AcrossDepth, LossOutput>(
            x, weight, dy, dy, workspace, tickets, shared, g, new TilePlace(g, Grid.IdxX),
            new LossOutput(bias, target, parts, likelihood, scale, samplesPerImage));
    }

    private static void TensorKernel<TShape, TPrecision>(
        FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy, FloatView parts, FloatView workspace,
        ArrayView<int> tickets, GemmArguments g, TLikelihood likelihood, float scale, int samplesPerImage)
        where TShape : struct, ITensorTileShape
        where TPrecision : struct, ITensorPrecision
    {
        if (!CudaAsm.IsSupported)
            return;
        FloatView shared = GemmTensorTiles.Allocate<TShape>();
        GemmTensorTiles.Multiply<TShape, TPrecision, AlongDepth, AcrossDepth, LossOutput>(
            x, weight, dy, dy, workspace, tickets, shared, g, new TilePlace(g, Grid.IdxX),
            new LossOutput(bias, target, parts, likelihood, scale, samplesPerImage));
    }

    /// <summary>dy in the place of y, and the sums of the loss along a tile's rows.</summary>
    private readonly struct LossOutput(
        FloatView bias, FloatView target, FloatView parts, TLikelihood likelihood, float scale, int samplesPerImage) : ITileOutput
    {
        private readonly FloatView bias = bias;
        private readonly FloatView target = target;
        private readonly FloatView parts = parts;
        private readonly TLikelihood likelihood = likelihood;
        private readonly float scale = scale;
        private readonly int samplesPerImage = samplesPerImage;

        public static bool SumsRows => true;

        public float Take(FloatView c, float value, int row, int column, GemmArguments g)
        {
            LikelihoodTerm term = likelihood.Of(value + bias[column], target[row / samplesPerImage * g.N + column]);
            c[row * g.Ldc + column] = scale * term.Derivative;
            return term.Loss;
        }

        public void StoreRow(float sum, int row, int groupX, GemmArguments g) => parts[row * g.GroupsX + groupX] = sum;
    }

    /// <summary>Lanes own columns, as in the product.</summary>
    private static void Differentiate(
        FloatView target, FloatView dy, FloatView parts, GemmArguments g, GemmLanes.Block block, TLikelihood likelihood, float scale,
        int samplesPerImage)
    {
        int panels = (g.N + 2 * Group.DimX - 1) / (2 * Group.DimX);
        for (int panel = block.FirstPanel; panel < block.PanelEnd; panel++)
        {
            int column = panel * 2 * Group.DimX + Group.IdxX;
            bool whole = (panel + 1) * 2 * Group.DimX <= g.N;
            int image = block.FirstRow / samplesPerImage, sample = block.FirstRow % samplesPerImage;
            for (int row = block.FirstRow; row < block.RowEnd; row++)
            {
                int at = row * g.N + column, wanted = image * g.N + column;
                float sum = 0f;
                if (whole)
                {
                    sum = Differentiate(target, wanted, dy, at, likelihood, scale)
                        + Differentiate(target, wanted + Group.DimX, dy, at + Group.DimX, likelihood, scale);
                }
                else
                {
                    if (column < g.N)
                        sum += Differentiate(target, wanted, dy, at, likelihood, scale);
                    if (column + Group.DimX < g.N)
                        sum += Differentiate(target, wanted + Group.DimX, dy, at + Group.DimX, likelihood, scale);
                }
                float part = GroupShapes.SumOfWarp(sum);
                if (Group.IdxX == 0)
                    parts[row * panels + panel] = part;
                sample++;
                if (sample == samplesPerImage)
                {
                    image++;
                    sample = 0;
                }
            }
        }
    }

    /// <summary>Puts an element's gradient in the place of y; gives its loss.</summary>
    private static float Differentiate(FloatView target, int wanted, FloatView dy, int at, TLikelihood likelihood, float scale)
    {
        LikelihoodTerm term = likelihood.Of(dy[at], target[wanted]);
        dy[at] = scale * term.Derivative;
        return term.Loss;
    }
}
