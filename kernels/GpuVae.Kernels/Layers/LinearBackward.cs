// The backward pass of a linear layer y = x·W + b in one launch, W being stored [inputs × outputs]:
//
//   dW = xᵀ·dy        [inputs × outputs], summed over the batch
//   db = Σ_batch dy   [outputs]
//   dx = epilogue(dy·Wᵀ)   [batch × inputs]
//
// The first groups compute tiles of dW (and db on the way), the others tiles of dx: neither product alone has enough tiles to keep a
// device busy to the end at the batch sizes of training, and the two do not depend on each other. Sums run in the order of the batch, or of
// the outputs, in one thread each, so results do not depend on scheduling.

using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Simd;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>All gradients of a linear layer. The products run as those of the given <see cref="GemmContext"/> do.</summary>
/// <typeparam name="TEpilogue">What happens to each element of dx before it is stored.</typeparam>
public sealed class LinearBackward<TEpilogue>(GemmContext gemm)
    where TEpilogue : struct, IEpilogue
{
    private readonly TileLauncher?[] tiles = new TileLauncher?[GemmTileLaunch.Shapes];
    private Launcher? launcher;

    private delegate void TileLauncher(
        AcceleratorStream stream, KernelConfig config, FloatView x, FloatView dy, FloatView weight, FloatView dw, FloatView db,
        FloatView dx, FloatView workspace, ArrayView<int> tickets, GemmArguments ofWeight, GemmArguments ofInput, int weightGroups,
        TEpilogue epilogue);

    private delegate void Launcher(
        AcceleratorStream stream, KernelConfig config, FloatView x, FloatView dy, FloatView weight, FloatView dw, FloatView db,
        FloatView dx, GemmArguments ofWeight, GemmArguments ofInput, int weightGroups, TEpilogue epilogue);

    /// <summary>Overwrites dW, db and, unless <paramref name="dx"/> is empty, dx.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="batch">Rows of x, dy and dx; 1 at least.</param>
    /// <param name="inputs">Columns of x and dx, rows of W.</param>
    /// <param name="outputs">Columns of dy and W.</param>
    /// <param name="x">[batch × inputs].</param>
    /// <param name="dy">[batch × outputs].</param>
    /// <param name="weight">[inputs × outputs].</param>
    /// <param name="dw">[inputs × outputs], written.</param>
    /// <param name="db">[outputs], written.</param>
    /// <param name="dx">[batch × inputs] with rows <paramref name="pitch"/> apart, written; empty if it is not wanted.</param>
    /// <param name="pitch">Elements from one row of dx to the next.</param>
    /// <param name="epilogue">Applied to each element of dx before it is stored.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public void Run(
        AcceleratorStream stream, int batch, int inputs, int outputs, FloatView x, FloatView dy, FloatView weight, FloatView dw,
        FloatView db, FloatView dx, int pitch, TEpilogue epilogue)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        var ofWeight = new GemmArguments
        {
            M = inputs,
            N = outputs,
            K = batch,
            ARow = 1,
            ADepth = inputs,
            BColumn = 1,
            BDepth = outputs,
            Ldc = outputs,
            Alpha = 1,
            WithColumnSums = 1,
        };
        var ofInput = new GemmArguments
        {
            M = batch,
            N = inputs,
            K = outputs,
            ARow = outputs,
            ADepth = 1,
            BColumn = outputs,
            BDepth = 1,
            Ldc = pitch,
            Alpha = 1,
        };
        bool wantsInput = dx.Length > 0;
        // A view must always be passed; without dx, dW stands in and is not touched through it.
        FloatView dxOrAny = wantsInput ? dx : dw;
        if (gemm.Tiles is { } launch)
        {
            RunTiles(launch, stream, ofWeight, ofInput, wantsInput, x, dy, weight, dw, db, dxOrAny, epilogue);
            return;
        }
        int weightGroups = GemmStaged.Cut(gemm, ref ofWeight, gemm.WantedGroups / 2);
        int groups = weightGroups + (wantsInput ? GemmStaged.Cut(gemm, ref ofInput, gemm.WantedGroups / 2) : 0);
        launcher ??= new Launcher(
            gemm.Accelerator.LoadKernel<
                FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, GemmArguments, GemmArguments, int, TEpilogue>(
                gemm.TileRows != GemmLanes.ManyRows ? LaneKernel6
                : gemm.TurnsBlocks ? LaneKernel12<GemmStaged.Turned>
                : LaneKernel12<GemmStaged.Collected>));
        launcher(
            stream, (new Index2D(groups, 1), gemm.Group), x, dy, weight, dw, db, dxOrAny, ofWeight, ofInput, weightGroups, epilogue);
    }

    private void RunTiles(
        GemmTileLaunch launch, AcceleratorStream stream, GemmArguments ofWeight, GemmArguments ofInput, bool wantsInput, FloatView x,
        FloatView dy, FloatView weight, FloatView dw, FloatView db, FloatView dx, TEpilogue epilogue)
    {
        GemmUse use = wantsInput ? GemmUse.Gradients : GemmUse.WeightGradient;
        GemmChoice choice = gemm.Choose(new GemmProblem(use, true, false, ofWeight.M, ofWeight.N, ofWeight.K));
        int weightGroups = launch.Cut(ref ofWeight, choice.Variant, choice.Slices, default);
        int groups = weightGroups;
        if (wantsInput)
            groups += launch.Cut(ref ofInput, choice.Variant, choice.InputSlices, ofWeight);
        launch.Reserve(stream, wantsInput ? ofInput : ofWeight);
        ofWeight.AVectors = GemmTileLaunch.Vectors(x, ofWeight.ADepth);
        ofWeight.BVectors = GemmTileLaunch.Vectors(dy, ofWeight.BDepth);
        ofInput.AVectors = GemmTileLaunch.Vectors(dy, ofInput.ARow);
        ofInput.BVectors = GemmTileLaunch.Vectors(weight, ofInput.BColumn);
        TileLauncher launcher = tiles[GemmTileLaunch.Shape(choice.Variant)] ??= LoadTiles(choice.Variant);
        launcher(
            stream, (new Index1D(groups), GemmTileLaunch.Threads(choice.Variant)), x, dy, weight, dw, db, dx, launch.Workspace.Sums,
            launch.Workspace.Tickets, ofWeight, ofInput, weightGroups, epilogue);
    }

    private TileLauncher LoadTiles(GemmVariant variant)
    {
        Action<
            FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, ArrayView<int>, GemmArguments, GemmArguments, int,
            TEpilogue> kernel = (gemm.Tiles!.Precision, variant) switch
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

    private static void LaneKernel12<TStaging>(
        FloatView x, FloatView dy, FloatView weight, FloatView dw, FloatView db, FloatView dx, GemmArguments ofWeight,
        GemmArguments ofInput, int weightGroups, TEpilogue epilogue)
        where TStaging : struct, GemmStaged.IStaging
    {
        FloatView slice = SharedMemory.Allocate<float>(GemmStaged.SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(GemmLanes.ManyRows * 2 * GemmLanes.MaxWarp);
        if (Grid.IdxX < weightGroups)
        {
            var block = new GemmLanes.Block(
                ofWeight, Grid.IdxX % ofWeight.GroupsX, Grid.IdxX / ofWeight.GroupsX, GemmLanes.ManyRows);
            GemmStaged.Multiply12<GemmLanes.NeighbouringRows, GemmStaged.Copied, PlainEpilogue>(
                x, dy, dw, slice, sums, ofWeight, block, default);
            SumColumns(dy, db, block, ofWeight);
        }
        else
        {
            int group = Grid.IdxX - weightGroups;
            var block = new GemmLanes.Block(ofInput, group % ofInput.GroupsX, group / ofInput.GroupsX, GemmLanes.ManyRows);
            GemmStaged.Multiply12<GemmLanes.DistantRows, TStaging, TEpilogue>(
                dy, weight, dx, slice, sums, ofInput, block, epilogue);
        }
    }

    private static void LaneKernel6(
        FloatView x, FloatView dy, FloatView weight, FloatView dw, FloatView db, FloatView dx, GemmArguments ofWeight,
        GemmArguments ofInput, int weightGroups, TEpilogue epilogue)
    {
        FloatView slice = SharedMemory.Allocate<float>(GemmStaged.SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(GemmLanes.FewRows * 2 * GemmLanes.MaxWarp);
        if (Grid.IdxX < weightGroups)
        {
            var block = new GemmLanes.Block(
                ofWeight, Grid.IdxX % ofWeight.GroupsX, Grid.IdxX / ofWeight.GroupsX, GemmLanes.FewRows);
            GemmStaged.Multiply6<GemmLanes.NeighbouringRows, GemmStaged.Copied, PlainEpilogue>(
                x, dy, dw, slice, sums, ofWeight, block, default);
            SumColumns(dy, db, block, ofWeight);
        }
        else
        {
            int group = Grid.IdxX - weightGroups;
            var block = new GemmLanes.Block(ofInput, group % ofInput.GroupsX, group / ofInput.GroupsX, GemmLanes.FewRows);
            GemmStaged.Multiply6<GemmLanes.DistantRows, GemmStaged.Collected, TEpilogue>(
                dy, weight, dx, slice, sums, ofInput, block, epilogue);
        }
    }

    private static void TileKernel<TShape>(
        FloatView x, FloatView dy, FloatView weight, FloatView dw, FloatView db, FloatView dx, FloatView workspace, ArrayView<int> tickets,
        GemmArguments ofWeight, GemmArguments ofInput, int weightGroups, TEpilogue epilogue)
        where TShape : struct, ITileShape
    {
        FloatView shared = SharedMemory.Allocate<float>(TileLayout<TShape>.SharedElements);
        if (Grid.IdxX < weightGroups)
        {
            GemmTiles.Multiply<TShape, AcrossDepth, AcrossDepth, EpilogueOutput<PlainEpilogue>>(
                x, dy, dw, db, workspace, tickets, shared, ofWeight, new TilePlace(ofWeight, Grid.IdxX), default);
        }
        else
        {
            GemmTiles.Multiply<TShape, AlongDepth, AlongDepth, EpilogueOutput<TEpilogue>>(
                dy, weight, dx, db, workspace, tickets, shared, ofInput, new TilePlace(ofInput, Grid.IdxX - weightGroups),
                new EpilogueOutput<TEpilogue>(epilogue));
        }
    }

    private static void TensorKernel<TShape, TPrecision>(
        FloatView x, FloatView dy, FloatView weight, FloatView dw, FloatView db, FloatView dx, FloatView workspace, ArrayView<int> tickets,
        GemmArguments ofWeight, GemmArguments ofInput, int weightGroups, TEpilogue epilogue)
        where TShape : struct, ITensorTileShape
        where TPrecision : struct, ITensorPrecision
    {
        if (!CudaAsm.IsSupported)
            return;
        FloatView shared = GemmTensorTiles.Allocate<TShape>();
        if (Grid.IdxX < weightGroups)
        {
            GemmTensorTiles.Multiply<TShape, TPrecision, AcrossDepth, AcrossDepth, EpilogueOutput<PlainEpilogue>>(
                x, dy, dw, db, workspace, tickets, shared, ofWeight, new TilePlace(ofWeight, Grid.IdxX), default);
        }
        else
        {
            GemmTensorTiles.Multiply<TShape, TPrecision, AlongDepth, AlongDepth, EpilogueOutput<TEpilogue>>(
                dy, weight, dx, db, workspace, tickets, shared, ofInput, new TilePlace(ofInput, Grid.IdxX - weightGroups),
                new EpilogueOutput<TEpilogue>(epilogue));
        }
    }

    /// <summary>The sums of dy over the batch, by the groups of dW's first rows: lanes own columns.</summary>
    private static void SumColumns(FloatView dy, FloatView db, GemmLanes.Block block, GemmArguments g)
    {
        if (block.FirstRow > 0)
            return;
        int end = XMath.Min(block.PanelEnd * 2 * Group.DimX, g.N);
        for (int column = block.FirstPanel * 2 * Group.DimX + Group.IdxX; column < end; column += Group.DimX)
        {
            float sum = 0f;
            for (int k = 0; k < g.K; k++)
                sum += dy[k * g.BDepth + column];
            db[column] = sum;
        }
    }
}
