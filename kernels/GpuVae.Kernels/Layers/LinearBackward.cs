// The backward pass of a linear layer y = x·W + b in one launch, W being stored [inputs × outputs]:
//
//   dW = xᵀ·dy        [inputs × outputs], summed over the batch
//   db = Σ_batch dy   [outputs]
//   dx = epilogue(dy·Wᵀ)   [batch × inputs]
//
// The first groups compute tiles of dW (and db on the way), the others tiles of dx: neither product alone has enough tiles to keep a
// device busy to the end at the batch sizes of training, and the two do not depend on each other. Sums run in the order of the batch, or of
// the outputs, in one thread each, so results do not depend on scheduling.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Gemm.Simd;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>All gradients of a linear layer. The products run as those of the given <see cref="GemmContext"/> do.</summary>
/// <typeparam name="TEpilogue">What happens to each element of dx before it is stored.</typeparam>
public sealed class LinearBackward<TEpilogue>(GemmContext gemm)
    where TEpilogue : struct, IEpilogue
{
    private readonly TileLauncher?[] tiles = new TileLauncher?[GemmTileLaunch.Shapes];
    private LaneLauncher? lanes;

    private delegate void TileLauncher(
        AcceleratorStream stream, KernelConfig config, FloatView x, FloatView dy, FloatView weight, FloatView dw, FloatView db,
        FloatView dx, FloatView workspace, ArrayView<int> tickets, GemmArguments ofWeight, GemmArguments ofInput, int weightGroups,
        TEpilogue epilogue);

    private delegate void LaneLauncher(
        AcceleratorStream stream, KernelConfig config, FloatView x, FloatView dy, FloatView weight, FloatView dw, FloatView db,
        FloatView dx, GemmArguments ofWeight, GemmArguments ofInput, int weightGroups, TEpilogue epilogue);

    /// <summary>Overwrites dW, db and, unless <paramref name="dx"/> is empty, dx. All matrices lie row by row.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="x">[batch × inputs].</param>
    /// <param name="dy">[batch × outputs].</param>
    /// <param name="weight">[inputs × outputs].</param>
    /// <param name="dw">[inputs × outputs], written.</param>
    /// <param name="db">[outputs], written.</param>
    /// <param name="dx">[batch × inputs], written; empty if it is not wanted.</param>
    /// <param name="epilogue">Applied to each element of dx before it is stored.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is zero.</exception>
    /// <exception cref="ArgumentException">The sizes do not go together, or a matrix is transposed.</exception>
    public void Run(
        AcceleratorStream stream, MatrixView x, MatrixView dy, MatrixView weight, MatrixView dw, FloatView db, MatrixView dx,
        TEpilogue epilogue)
    {
        ArgumentOutOfRangeException.ThrowIfZero(x.Rows, "batch");
        ArgumentOutOfRangeException.ThrowIfZero(x.Columns, "inputs");
        ArgumentOutOfRangeException.ThrowIfZero(dy.Columns, "outputs");
        x.RequireRows(nameof(x));
        dy.RequireRows(nameof(dy));
        weight.RequireRows(nameof(weight));
        bool wantsInput = !dx.IsEmpty;
        var ofWeight = GemmArguments.Of(x.Transposed, dy, dw);
        ofWeight.WithColumnSums = 1;
        GemmArguments ofInput = wantsInput ? GemmArguments.Of(dy, weight.Transposed, dx) : default;
        // A view must always be passed; without dx, dW stands in and is not touched through it.
        FloatView dxOrAny = wantsInput ? dx.View : dw.View;
        int weightGroups, groups;
        if (gemm.Lanes is { } onLanes)
        {
            FloatView xAsRead = onLanes.LayOut(stream, x.Transposed, ref ofWeight);
            groups = weightGroups = onLanes.CutPlain(ref ofWeight, onLanes.WantedGroups / 2);
            if (wantsInput)
                groups += onLanes.CutStaged(ref ofInput, onLanes.WantedGroups / 2);
            lanes ??= onLanes.Load(new Loader(gemm.Accelerator));
            lanes(
                stream, onLanes.Config(groups), xAsRead, dy.View, weight.View, dw.View, db, dxOrAny, ofWeight, ofInput, weightGroups,
                epilogue);
            return;
        }
        GemmTileLaunch launch = gemm.Tiles!;
        GemmUse use = wantsInput ? GemmUse.Gradients : GemmUse.WeightGradient;
        GemmChoice choice = gemm.Choose(new GemmProblem(use, true, false, ofWeight.M, ofWeight.N, ofWeight.K));
        groups = weightGroups = launch.Prepare(stream, choice.Variant, choice.Slices, ref ofWeight, x, dy);
        if (wantsInput)
            groups += launch.Prepare(stream, choice.Variant, choice.InputSlices, ref ofInput, dy, weight, ofWeight);
        TileLauncher launcher = tiles[GemmTileLaunch.Shape(choice.Variant)] ??=
            launch.Load(choice.Variant, new Loader(gemm.Accelerator));
        launcher(
            stream, GemmTileLaunch.Config(groups, choice.Variant), x.View, dy.View, weight.View, dw.View, db, dxOrAny,
            launch.Workspace.Sums, launch.Workspace.Tickets, ofWeight, ofInput, weightGroups, epilogue);
    }

    private static void LaneKernel<TTile, TPlain, TTransposed>(
        FloatView x, FloatView dy, FloatView weight, FloatView dw, FloatView db, FloatView dx, GemmArguments ofWeight,
        GemmArguments ofInput, int weightGroups, TEpilogue epilogue)
        where TTile : struct, ITileRows
        where TPlain : struct, GemmStaged.IStaging
        where TTransposed : struct, GemmStaged.IStaging
    {
        FloatView slice = SharedMemory.Allocate<float>(GemmStaged.SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(TTile.Rows * 2 * GemmLanes.MaxWarp);
        if (Grid.IdxX < weightGroups)
        {
            var block = new GemmLanes.Block(ofWeight, Grid.IdxX, TTile.Rows);
            GemmStaged.Multiply<TTile, GemmLanes.NeighbouringRows, TPlain, EpilogueOutput<PlainEpilogue>>(
                x, dy, dw, slice, sums, ofWeight, block, default);
            SumColumns(dy, db, block, ofWeight);
        }
        else
        {
            var block = new GemmLanes.Block(ofInput, Grid.IdxX - weightGroups, TTile.Rows);
            GemmStaged.Multiply<TTile, GemmLanes.DistantRows, TTransposed, EpilogueOutput<TEpilogue>>(
                dy, weight, dx, slice, sums, ofInput, block, new(epilogue));
        }
    }

    private static void TileKernel<TTiles>(
        FloatView x, FloatView dy, FloatView weight, FloatView dw, FloatView db, FloatView dx, FloatView workspace, ArrayView<int> tickets,
        GemmArguments ofWeight, GemmArguments ofInput, int weightGroups, TEpilogue epilogue)
        where TTiles : struct, ITileEngine
    {
        if (!TTiles.IsSupported)
            return;
        FloatView shared = TTiles.Allocate();
        if (Grid.IdxX < weightGroups)
        {
            TTiles.Multiply<AcrossDepth, AcrossDepth, EpilogueOutput<PlainEpilogue>>(
                x, dy, dw, db, workspace, tickets, shared, ofWeight, new TilePlace(ofWeight, Grid.IdxX), default);
        }
        else
        {
            TTiles.Multiply<AlongDepth, AlongDepth, EpilogueOutput<TEpilogue>>(
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

    private readonly struct Loader(Accelerator accelerator) : ILaneLoader<LaneLauncher>, ITileLoader<TileLauncher>
    {
        public LaneLauncher Load<TTile, TPlain, TTransposed>()
            where TTile : struct, ITileRows
            where TPlain : struct, GemmStaged.IStaging
            where TTransposed : struct, GemmStaged.IStaging =>
            new(accelerator.LoadKernel<
                FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, GemmArguments, GemmArguments, int, TEpilogue>(
                LaneKernel<TTile, TPlain, TTransposed>));

        public TileLauncher Load<TTiles>(KernelSpecialization bounds)
            where TTiles : struct, ITileEngine =>
            new(accelerator.LoadKernel<
                FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, ArrayView<int>, GemmArguments, GemmArguments,
                int, TEpilogue>(TileKernel<TTiles>, bounds));
    }
}
