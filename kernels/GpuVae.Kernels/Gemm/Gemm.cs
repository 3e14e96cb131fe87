// General matrix product C = epilogue(alpha·op(A)·op(B) + beta·C), float32, row-major with leading dimensions (BLAS level 3; Dongarra
// et al. 1990, doi:10.1145/77626.79170).
//
// Six kernels:
//
//   Lanes  CPU. A group is one warp, that is one vector. Lanes own columns (two each), rows live in named locals: a micro-kernel of
//          12 rows × 2 vectors keeps 24 accumulators in 32 vector registers, 6 × 2 in 16 (Van Zee & van de Geijn 2015, "BLIS",
//          doi:10.1145/2764454). An element of A is the same for all lanes, a row of B is contiguous over the lanes.
//   Staged CPU, a moderate A as it lies. As Lanes, each group copying its panels of B into its scratch first (GemmStaged.cs).
//   Row    CPU, A·B with one row. As Lanes, with up to eight vectors of columns for the one row (GemmRow.cs).
//   Dots   CPU, A·Bᵀ with few rows. Lanes share dot products along k, which is how both operands lie.
//   Tensor NVIDIA GPUs that round operands to TF32 or BF16 on demand (GemmTensorTiles.cs).
//   Tiles  GPUs. A group stages tiles of A and B in shared memory, each thread holds up to 8 × 8 of C in named locals (GemmTiles.cs).
//
// Every element of C, or of one of the slices along k that GPUs add up in order, is summed by one thread in the order of k, so results do
// not depend on scheduling.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Gemm.Simd;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm;

/// <summary>A matrix product with one epilogue. Made by <see cref="GemmContext.With{TEpilogue}"/>.</summary>
/// <typeparam name="TEpilogue">What happens to each element before it is stored.</typeparam>
/// <remarks>
/// The first product of a kind may load its kernel and grow the space for packed operands; after that a call allocates nothing.
/// </remarks>
public sealed class Gemm<TEpilogue>
    where TEpilogue : struct, IEpilogue
{
    private readonly GemmContext gemm;
    private readonly TileLauncher?[] tiles = new TileLauncher?[4 * GemmTileLaunch.Shapes];
    private readonly LaneLauncher?[] rows = new LaneLauncher?[GemmRow.MostVectors - GemmRow.LeastVectors + 1];
    private LaneLauncher? neighbouringRows, distantRows, packed, dots, staged, stagedTransposed;

    internal Gemm(GemmContext gemm) => this.gemm = gemm;

    private delegate void LaneLauncher(
        AcceleratorStream stream, KernelConfig config, FloatView a, FloatView b, FloatView c, GemmArguments arguments, TEpilogue epilogue);

    private delegate void TileLauncher(
        AcceleratorStream stream, KernelConfig config, FloatView a, FloatView b, FloatView c, FloatView workspace, ArrayView<int> tickets,
        GemmArguments arguments, TEpilogue epilogue);

    /// <summary>C = epilogue(alpha·A·B + beta·C).</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="a">[m × k]; of depth k = 0 the product is zero.</param>
    /// <param name="b">[k × n].</param>
    /// <param name="c">[m × n], written; not transposed, and not overlapping A or B.</param>
    /// <param name="epilogue">Applied to each element before it is stored.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="beta">Factor of what C held before; with 0 C is not read.</param>
    /// <exception cref="ArgumentException">The sizes do not go together, or C is transposed.</exception>
    public void Run(
        AcceleratorStream stream, MatrixView a, MatrixView b, MatrixView c, TEpilogue epilogue, float alpha = 1, float beta = 0)
    {
        var g = GemmArguments.Of(a, b, c, alpha, beta);
        if (c.IsEmpty)
            return;
        GemmChoice choice = gemm.Choose(new GemmProblem(GemmUse.Product, a.IsTransposed, b.IsTransposed, g.M, g.N, g.K));
        if (gemm.Lanes is { } lanes)
            RunLanes(lanes, choice, stream, g, a, b, c.View, epilogue);
        else
            RunTiles(gemm.Tiles!, choice, stream, g, a, b, c.View, epilogue);
    }

    private void RunTiles(
        GemmTileLaunch launch, GemmChoice choice, AcceleratorStream stream, GemmArguments g, MatrixView a, MatrixView b, FloatView c,
        TEpilogue epilogue)
    {
        int groups = launch.Prepare(stream, choice.Variant, choice.Slices, ref g, a, b);
        TileLauncher launcher = tiles[4 * GemmTileLaunch.Shape(choice.Variant) + (a.IsTransposed ? 2 : 0) + (b.IsTransposed ? 1 : 0)] ??=
            (a.IsTransposed, b.IsTransposed) switch
            {
                (false, false) => launch.Load(choice.Variant, new TileLoader<AlongDepth, AcrossDepth>(gemm.Accelerator)),
                (false, true) => launch.Load(choice.Variant, new TileLoader<AlongDepth, AlongDepth>(gemm.Accelerator)),
                (true, false) => launch.Load(choice.Variant, new TileLoader<AcrossDepth, AcrossDepth>(gemm.Accelerator)),
                (true, true) => launch.Load(choice.Variant, new TileLoader<AcrossDepth, AlongDepth>(gemm.Accelerator)),
            };
        launcher(
            stream, GemmTileLaunch.Config(groups, choice.Variant), a.View, b.View, c, launch.Workspace.Sums, launch.Workspace.Tickets, g,
            epilogue);
    }

    private void RunLanes(
        GemmLaneLaunch launch, GemmChoice choice, AcceleratorStream stream, GemmArguments g, MatrixView a, MatrixView b, FloatView c,
        TEpilogue epilogue)
    {
        GemmVariant variant = choice.Variant;
        FloatView fromA = a.View, fromB = b.View;
        int groups;
        LaneLauncher launcher;
        if (variant == GemmVariant.Row)
        {
            int warp = gemm.Accelerator.WarpSize, vectors = GemmRow.Vectors(g.N, warp, gemm.Accelerator.NumMultiprocessors);
            groups = Blocks.Of(g.N, vectors * warp);
            launcher = rows[vectors - GemmRow.LeastVectors] ??= vectors switch
            {
                4 => LoadRow<Columns4>(),
                5 => LoadRow<Columns5>(),
                6 => LoadRow<Columns6>(),
                7 => LoadRow<Columns7>(),
                _ => LoadRow<Columns8>(),
            };
        }
        else if (variant == GemmVariant.Dots)
        {
            groups = Blocks.Of(g.N, GemmDots.Columns(gemm.Accelerator.WarpSize));
            launcher = dots ??= GemmDots.Columns(gemm.Accelerator.WarpSize) switch
            {
                16 => LoadDots<GemmDots.Pair<GemmDots.Pair<GemmDots.Pair<GemmDots.Pair<GemmDots.One>>>>>(),
                8 => LoadDots<GemmDots.Pair<GemmDots.Pair<GemmDots.Pair<GemmDots.One>>>>(),
                4 => LoadDots<GemmDots.Pair<GemmDots.Pair<GemmDots.One>>>(),
                2 => LoadDots<GemmDots.Pair<GemmDots.One>>(),
                _ => LoadDots<GemmDots.One>(),
            };
        }
        else if (variant == GemmVariant.Staged)
        {
            groups = launch.CutStaged(ref g, choice.Slices, launch.WantedGroups);
            launcher = b.IsTransposed
                ? stagedTransposed ??= launch.Load(new StagedLoader(gemm.Accelerator, transposeB: true))
                : staged ??= launch.Load(new StagedLoader(gemm.Accelerator, transposeB: false));
        }
        else
        {
            bool packA = variant is GemmVariant.LanesPackedA or GemmVariant.LanesPackedBoth;
            bool packB = variant is GemmVariant.LanesPackedB or GemmVariant.LanesPackedBoth;
            if (packA)
                fromA = launch.PackA(stream, a, ref g);
            if (packB)
                fromB = launch.PackB(stream, b, ref g);
            groups = launch.Cut(ref g, choice.Slices, launch.WantedGroups);
            launcher = (packA, packB, a.IsTransposed) switch
            {
                (true, true, _) => packed ??= launch.Load(new PackedLoader(gemm.Accelerator)),
                (true, false, _) or (false, _, true) => neighbouringRows ??=
                    launch.Load(new LaneLoader<GemmLanes.NeighbouringRows>(gemm.Accelerator)),
                _ => distantRows ??= launch.Load(new LaneLoader<GemmLanes.DistantRows>(gemm.Accelerator)),
            };
        }
        launcher(stream, launch.Config(groups), fromA, fromB, c, g, epilogue);
    }

    private LaneLauncher LoadRow<TSums>()
        where TSums : struct, IColumnSums =>
        new(gemm.Accelerator.LoadKernel<FloatView, FloatView, FloatView, GemmArguments, TEpilogue>(GemmRow.Kernel<TSums, TEpilogue>));

    private LaneLauncher LoadDots<TDots>()
        where TDots : struct, GemmDots.IDots =>
        new(gemm.Accelerator.LoadKernel<FloatView, FloatView, FloatView, GemmArguments, TEpilogue>(GemmDots.Kernel<TDots, TEpilogue>));

    private static void TileKernel<TTiles, TA, TB>(
        FloatView a, FloatView b, FloatView c, FloatView workspace, ArrayView<int> tickets, GemmArguments g, TEpilogue epilogue)
        where TTiles : struct, ITileEngine
        where TA : struct, IOperandLayout
        where TB : struct, IOperandLayout
    {
        if (!TTiles.IsSupported)
            return;
        TTiles.Multiply<TA, TB, EpilogueOutput<TEpilogue>>(
            a, b, c, c, workspace, tickets, TTiles.Allocate(), g, new TilePlace(g, Grid.IdxX), new EpilogueOutput<TEpilogue>(epilogue));
    }

    private readonly struct TileLoader<TA, TB>(Accelerator accelerator) : ITileLoader<TileLauncher>
        where TA : struct, IOperandLayout
        where TB : struct, IOperandLayout
    {
        public TileLauncher Load<TTiles>(KernelSpecialization bounds)
            where TTiles : struct, ITileEngine =>
            new(accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, ArrayView<int>, GemmArguments, TEpilogue>(
                TileKernel<TTiles, TA, TB>, bounds));
    }

    private readonly struct LaneLoader<TRows>(Accelerator accelerator) : ILaneLoader<LaneLauncher>
        where TRows : struct, GemmLanes.IRows
    {
        public LaneLauncher Load<TTile, TPlain, TTransposed>()
            where TTile : struct, ITileRows
            where TPlain : struct, GemmStaged.IStaging
            where TTransposed : struct, GemmStaged.IStaging =>
            new(accelerator.LoadKernel<FloatView, FloatView, FloatView, GemmArguments, TEpilogue>(
                GemmLanes.Kernel<TTile, TRows, TEpilogue>));
    }

    private readonly struct PackedLoader(Accelerator accelerator) : ILaneLoader<LaneLauncher>
    {
        public LaneLauncher Load<TTile, TPlain, TTransposed>()
            where TTile : struct, ITileRows
            where TPlain : struct, GemmStaged.IStaging
            where TTransposed : struct, GemmStaged.IStaging =>
            new(accelerator.LoadKernel<FloatView, FloatView, FloatView, GemmArguments, TEpilogue>(
                GemmLanes.PackedKernel<TTile, TEpilogue>));
    }

    private readonly struct StagedLoader(Accelerator accelerator, bool transposeB) : ILaneLoader<LaneLauncher>
    {
        public LaneLauncher Load<TTile, TPlain, TTransposed>()
            where TTile : struct, ITileRows
            where TPlain : struct, GemmStaged.IStaging
            where TTransposed : struct, GemmStaged.IStaging =>
            new(accelerator.LoadKernel<FloatView, FloatView, FloatView, GemmArguments, TEpilogue>(
                transposeB
                    ? GemmStaged.Kernel<TTile, TTransposed, TEpilogue>
                    : GemmStaged.Kernel<TTile, GemmStaged.Copied, TEpilogue>));
    }
}
