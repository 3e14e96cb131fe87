// General matrix product C = epilogue(alpha·op(A)·op(B) + beta·C), float32, row-major with leading dimensions (BLAS level 3; Dongarra
// et al. 1990, doi:10.1145/77626.79170).
//
// Five kernels:
//
//   Lanes  CPU. A group is one warp, that is one vector. Lanes own columns (two each), rows live in named locals: a micro-kernel of
//          12 rows × 2 vectors keeps 24 accumulators in 32 vector registers, 6 × 2 in 16 (Van Zee & van de Geijn 2015, "BLIS",
//          doi:10.1145/2764454). An element of A is the same for all lanes, a row of B is contiguous over the lanes.
//   Staged CPU, a moderate A as it lies. As Lanes, each group copying its panels of B into its scratch first (GemmStaged.cs).
//   Dots   CPU, A·Bᵀ with few rows. Lanes share dot products along k, which is how both operands lie.
//   Tensor NVIDIA GPUs that round operands to TF32 or BF16 on demand (GemmTensorTiles.cs).
//   Tiles  GPUs. A group stages tiles of A and B in shared memory, each thread holds up to 8 × 8 of C in named locals (GemmTiles.cs).
//
// Every element of C, or of one of the slices along k that GPUs add up in order, is summed by one thread in the order of k, so results do
// not depend on scheduling.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Convolution;
using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Simd;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm;

/// <summary>Matrix products of one accelerator: the choice of tile shapes and the space for packed operands.</summary>
/// <remarks>Products of one instance share that space, so they must be enqueued on one stream.</remarks>
public sealed class GemmContext : IDisposable
{
    private const int MaxPanelsPerGroup = 32;

    // Up to this many rows, collecting the columns of Bᵀ for the lanes costs more than the sums across lanes without it.
    private const int MaxRowsOfDots = 4;

    // From this many tiles of rows on, a group lays out its panels in shared memory itself.
    private const int MinTilesToStage = 3;

    // Work per core is cut into this many groups at least, so that cores that start late still find some.
    private const int GroupsPerCore = 8;

    private readonly Dictionary<GemmProblem, GemmChoice> choices = [];
    private readonly IReadOnlyDictionary<GemmProblem, GemmChoice>? tuned;

    /// <param name="accelerator">Where the products run.</param>
    /// <param name="precision">What they are computed in.</param>
    /// <param name="tuned">Choices of kernels that were measured; without it, and for other products, a fixed rule decides.</param>
    /// <exception cref="NotSupportedException">The accelerator has no such arithmetic.</exception>
    public GemmContext(
        Accelerator accelerator, MatrixPrecision precision = MatrixPrecision.Float32,
        IReadOnlyDictionary<GemmProblem, GemmChoice>? tuned = null)
        : this(Checked(accelerator, precision), accelerator.ExecutionStyle() == ExecutionStyle.Groups, precision) => this.tuned = tuned;

    /// <param name="accelerator">Where the products run.</param>
    /// <param name="usesTiles">Whether they run as on GPUs, which any accelerator can.</param>
    /// <param name="precision">What they are computed in.</param>
    internal GemmContext(Accelerator accelerator, bool usesTiles, MatrixPrecision precision = MatrixPrecision.Float32)
    {
        Accelerator = accelerator;
        if (usesTiles)
        {
            Tiles = new GemmTileLaunch(accelerator, precision);
            int threads = accelerator.MaxNumThreadsPerGroup;
            int side = threads >= 256 ? 16 : threads >= 64 ? 8 : 4;
            Group = new Index2D(side, side);
            TileRows = ConvolutionTiles.ThreadTile * side;
            TileColumns = ConvolutionTiles.ThreadTile * side;
            return;
        }
        Group = new Index2D(accelerator.WarpSize, 1);
        // 24 accumulators and their operands need the 32 registers that come with vectors of 16 floats.
        TileRows = accelerator.WarpSize >= 16 ? GemmLanes.ManyRows : GemmLanes.FewRows;
        TileColumns = 2 * accelerator.WarpSize;
        Packing = new GemmPacking(accelerator, TileRows);
    }

    /// <summary>Whether an accelerator multiplies in a certain precision.</summary>
    public static bool Supports(Accelerator accelerator, MatrixPrecision precision) =>
        precision == MatrixPrecision.Float32 || accelerator.Device is CudaDevice { Architecture.Major: >= 8 };

    /// <summary>The device that the products run on.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>Threads of a group, on CPUs and for convolutions.</summary>
    internal Index2D Group { get; }

    /// <summary>Whether a group is as wide as the square blocks that lanes turn over in registers.</summary>
    internal bool TurnsBlocks => Group == new Index2D(GemmPacking.Square.Side, 1);

    /// <summary>Rows of C per tile, on CPUs and for convolutions.</summary>
    internal int TileRows { get; }

    /// <summary>Columns of C per panel on CPUs, per tile for convolutions.</summary>
    internal int TileColumns { get; }

    /// <summary>Groups that keep all cores of a CPU busy to the end.</summary>
    internal int WantedGroups => GroupsPerCore * Accelerator.NumMultiprocessors;

    /// <summary>Space for packed operands, on CPUs.</summary>
    internal GemmPacking? Packing { get; }

    /// <summary>How products are cut, on GPUs.</summary>
    internal GemmTileLaunch? Tiles { get; }

    /// <summary>Elements that the caches hold, on CPUs.</summary>
    internal CacheSizes Caches { get; } = CacheSizes.OfThisMachine;

    /// <summary>Loads the product with one epilogue; do so once and keep it.</summary>
    public Gemm<TEpilogue> With<TEpilogue>()
        where TEpilogue : struct, IEpilogue => new(this);

    public void Dispose()
    {
        Packing?.Dispose();
        Tiles?.Dispose();
    }

    /// <summary>The products that were asked for so far.</summary>
    public IReadOnlyCollection<GemmProblem> Problems => choices.Keys;

    /// <summary>Set while choices are measured, and by tests.</summary>
    internal GemmChoice? Forced { get; set; }

    /// <summary>The kernel for a product: the tuned one if there is one, else what the rule says.</summary>
    internal GemmChoice Choose(GemmProblem problem)
    {
        if (Forced is { } forced)
            return forced;
        if (!choices.TryGetValue(problem, out GemmChoice choice))
        {
            // A table from somewhere else must not make a product impossible.
            bool isTuned = tuned is not null && tuned.TryGetValue(problem, out choice) && Candidates(problem).Contains(choice);
            choices[problem] = choice = isTuned ? choice : Rule(problem);
        }
        return choice;
    }

    /// <summary>The choice without a table: it depends on nothing but the product and the device.</summary>
    internal GemmChoice Rule(GemmProblem problem) => Tiles?.Choose(problem) ?? new GemmChoice(ChooseOnCpu(problem));

    /// <summary>Everything that could be chosen for a product.</summary>
    internal IEnumerable<GemmChoice> Candidates(GemmProblem problem)
    {
        if (Tiles is not null)
            return Tiles.Candidates(problem);
        var variants = new List<GemmVariant> { ChooseOnCpu(problem) };
        if (problem.Use == GemmUse.Product && problem.K > 0)
        {
            variants.AddRange([GemmVariant.LanesPackedB, GemmVariant.LanesPackedBoth]);
            // Lanes need the columns of op(B) next to each other.
            if (!problem.TransposeB)
                variants.AddRange([GemmVariant.Lanes, GemmVariant.LanesPackedA]);
            if (!problem.TransposeA)
                variants.Add(GemmVariant.Staged);
            if (!problem.TransposeA && problem.TransposeB && problem.M <= 4 * MaxRowsOfDots)
                variants.Add(GemmVariant.Dots);
        }
        return variants.Distinct().Select(variant => new GemmChoice(variant));
    }

    private GemmVariant ChooseOnCpu(GemmProblem p)
    {
        if (p.TransposeB && !p.TransposeA && p.M <= MaxRowsOfDots)
            return GemmVariant.Dots;
        long elementsOfA = (long)p.M * p.K;
        if (!p.TransposeA && p.M >= MinTilesToStage * TileRows && elementsOfA <= Caches.WholeElements)
            return GemmVariant.Staged;
        // An operand larger than the second-level cache falls out of it before it is read again. Columns of Bᵀ are never neighbours.
        bool packA = p.K > 0 && elementsOfA > Caches.SecondLevelElements && Blocks(p.N, TileColumns) >= 8;
        bool packB = p.K > 0 &&
            (p.TransposeB || ((long)p.N * p.K > Caches.SecondLevelElements && Blocks(p.M, TileRows) >= 16));
        return (packA, packB) switch
        {
            (true, true) => GemmVariant.LanesPackedBoth,
            (true, false) => GemmVariant.LanesPackedA,
            (false, true) => GemmVariant.LanesPackedB,
            _ => GemmVariant.Lanes,
        };
    }

    private static Accelerator Checked(Accelerator accelerator, MatrixPrecision precision) => Supports(accelerator, precision)
        ? accelerator
        : throw new NotSupportedException(
            $"{accelerator.Name} does not multiply in {precision}: that takes an NVIDIA GPU of compute capability 8.0 or newer.");

    internal static int Blocks(int count, int size) => (count + size - 1) / size;

    /// <summary>Cuts a product for the caches and cores of a CPU; gives the groups one below the other.</summary>
    /// <param name="g">The product; how it is cut is written there.</param>
    /// <param name="panels">Panels of columns.</param>
    /// <param name="rowTiles">Tiles of rows.</param>
    /// <param name="depth">k of a slice if the product must be cut along it.</param>
    /// <param name="wantedGroups">Groups to cut into at least.</param>
    internal int Cut(ref GemmArguments g, int panels, int rowTiles, int depth, int wantedGroups)
    {
        bool whole = (long)g.M * g.K <= Caches.WholeElements;
        g.DepthBlock = whole ? Math.Max(g.K, 1) : Math.Max(Blocks(g.K, Blocks(g.K, depth)), 1);
        int tilesOfBlock = whole ? rowTiles : Math.Max(Caches.BlockElements / (TileRows * g.DepthBlock), 1);
        int blocksOfRows = Blocks(rowTiles, tilesOfBlock);
        int panelsToShare = (int)((long)panels * blocksOfRows / wantedGroups);
        g.PanelsPerGroup = whole ? 1 : Math.Clamp(panelsToShare, 1, Math.Min(panels, MaxPanelsPerGroup));
        g.GroupsX = Blocks(panels, g.PanelsPerGroup);
        int groupsY = Math.Clamp(Blocks(wantedGroups, g.GroupsX), blocksOfRows, rowTiles);
        g.TilesPerGroup = Blocks(rowTiles, groupsY);
        return Blocks(rowTiles, g.TilesPerGroup);
    }
}

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
    private GemmLauncher<TEpilogue>? neighbouringRows, distantRows, dots, staged, stagedTransposed;

    internal Gemm(GemmContext gemm) => this.gemm = gemm;

    /// <summary>C = epilogue(alpha·op(A)·op(B) + beta·C).</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="transposeA">Whether op(A) = Aᵀ: A is then stored [k × m], else [m × k].</param>
    /// <param name="transposeB">Whether op(B) = Bᵀ: B is then stored [n × k], else [k × n].</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Depth; with 0 the product is zero.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">A.</param>
    /// <param name="lda">Elements from one stored row of A to the next.</param>
    /// <param name="b">B.</param>
    /// <param name="ldb">Elements from one stored row of B to the next.</param>
    /// <param name="beta">Factor of what C held before; with 0 C is not read.</param>
    /// <param name="c">C [m × n], not overlapping A or B.</param>
    /// <param name="ldc">Elements from one row of C to the next.</param>
    /// <param name="epilogue">Applied to each element before it is stored.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative.</exception>
    /// <exception cref="ArgumentException">A leading dimension or a view is too small for the sizes.</exception>
    public void Run(
        AcceleratorStream stream, bool transposeA, bool transposeB, int m, int n, int k, float alpha, FloatView a, int lda,
        FloatView b, int ldb, float beta, FloatView c, int ldc, TEpilogue epilogue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        Check("A", a, transposeA ? k : m, transposeA ? m : k, lda);
        Check("B", b, transposeB ? n : k, transposeB ? k : n, ldb);
        Check("C", c, m, n, ldc);
        if (m == 0 || n == 0)
            return;

        var g = new GemmArguments
        {
            M = m,
            N = n,
            K = k,
            ARow = transposeA ? 1 : lda,
            ADepth = transposeA ? lda : 1,
            BColumn = transposeB ? ldb : 1,
            BDepth = transposeB ? 1 : ldb,
            Ldc = ldc,
            Alpha = alpha,
            Beta = beta,
        };
        GemmChoice choice = gemm.Choose(new GemmProblem(GemmUse.Product, transposeA, transposeB, m, n, k));
        switch (choice.Variant)
        {
            case GemmVariant.Dots:
                RunDots(stream, g, a, b, c, epilogue);
                break;
            case GemmVariant.Staged:
                RunStaged(stream, transposeB, g, a, b, c, epilogue);
                break;
            case <= GemmVariant.LanesPackedBoth:
                RunLanes(choice.Variant, stream, transposeA, transposeB, g, a, lda, b, ldb, c, epilogue);
                break;
            default:
                RunTiles(choice, stream, g, a, b, c, epilogue);
                break;
        }
    }

    private void RunTiles(
        GemmChoice choice, AcceleratorStream stream, GemmArguments g, FloatView a, FloatView b, FloatView c, TEpilogue epilogue)
    {
        GemmTileLaunch tiles = gemm.Tiles!;
        g.AVectors = GemmTileLaunch.Vectors(a, g.ADepth == 1 ? g.ARow : g.ADepth);
        g.BVectors = GemmTileLaunch.Vectors(b, g.BColumn == 1 ? g.BDepth : g.BColumn);
        int groups = tiles.Cut(ref g, choice.Variant, choice.Slices, default);
        tiles.Reserve(stream, g);
        bool alongA = g.ADepth == 1, alongB = g.BColumn != 1;
        TileLauncher launcher = this.tiles[4 * GemmTileLaunch.Shape(choice.Variant) + (alongA ? 2 : 0) + (alongB ? 1 : 0)] ??=
            LoadTiles(choice.Variant, tiles.Precision, alongA, alongB);
        launcher(
            stream, (new Index1D(groups), GemmTileLaunch.Threads(choice.Variant)), a, b, c, tiles.Workspace.Sums, tiles.Workspace.Tickets,
            g, epilogue);
    }

    private TileLauncher LoadTiles(GemmVariant variant, MatrixPrecision precision, bool alongA, bool alongB) => (alongA, alongB) switch
    {
        (true, true) => LoadTiles<AlongDepth, AlongDepth>(variant, precision),
        (true, false) => LoadTiles<AlongDepth, AcrossDepth>(variant, precision),
        (false, true) => LoadTiles<AcrossDepth, AlongDepth>(variant, precision),
        _ => LoadTiles<AcrossDepth, AcrossDepth>(variant, precision),
    };

    private TileLauncher LoadTiles<TA, TB>(GemmVariant variant, MatrixPrecision precision)
        where TA : struct, IOperandLayout
        where TB : struct, IOperandLayout
    {
        Action<FloatView, FloatView, FloatView, FloatView, ArrayView<int>, GemmArguments, TEpilogue> kernel = (precision, variant) switch
        {
            (MatrixPrecision.Tf32, GemmVariant.Tile128x128) => GemmTensorTiles.Kernel<Tile128x128, Tf32Precision, TA, TB, TEpilogue>,
            (MatrixPrecision.Tf32, _) => GemmTensorTiles.Kernel<Tile64x64, Tf32Precision, TA, TB, TEpilogue>,
            (MatrixPrecision.Bf16, GemmVariant.Tile128x128) => GemmTensorTiles.Kernel<Tile128x128, Bf16Precision, TA, TB, TEpilogue>,
            (MatrixPrecision.Bf16, _) => GemmTensorTiles.Kernel<Tile64x64, Bf16Precision, TA, TB, TEpilogue>,
            (_, GemmVariant.Tile128x128) => GemmTiles.Kernel<Tile128x128, TA, TB, TEpilogue>,
            (_, GemmVariant.Tile128x64) => GemmTiles.Kernel<Tile128x64, TA, TB, TEpilogue>,
            (_, GemmVariant.Tile64x64) => GemmTiles.Kernel<Tile64x64, TA, TB, TEpilogue>,
            (_, GemmVariant.Tile32x32) => GemmTiles.Kernel<Tile32x32, TA, TB, TEpilogue>,
            _ => GemmTiles.Kernel<Tile16x16, TA, TB, TEpilogue>,
        };
        return new(gemm.Accelerator.LoadKernel(kernel, GemmTileLaunch.Bounds(variant)));
    }

    private void RunDots(AcceleratorStream stream, GemmArguments g, FloatView a, FloatView b, FloatView c, TEpilogue epilogue)
    {
        int columnTiles = GemmContext.Blocks(g.N, GemmDots.Tile);
        g.PanelsPerGroup = GemmContext.Blocks(columnTiles, gemm.WantedGroups);
        dots ??= Load(GemmDots.Kernel);
        dots(stream, (new Index2D(GemmContext.Blocks(columnTiles, g.PanelsPerGroup), 1), gemm.Group), a, b, c, g, epilogue);
    }

    private void RunStaged(
        AcceleratorStream stream, bool transposeB, GemmArguments g, FloatView a, FloatView b, FloatView c, TEpilogue epilogue)
    {
        int groups = GemmStaged.Cut(gemm, ref g, gemm.WantedGroups);
        bool many = gemm.TileRows == GemmLanes.ManyRows;
        GemmLauncher<TEpilogue> launcher;
        if (!transposeB)
        {
            launcher = staged ??= Load(
                many ? GemmStaged.Kernel12<GemmStaged.Copied, TEpilogue> : GemmStaged.Kernel6<GemmStaged.Copied, TEpilogue>);
        }
        else
        {
            launcher = stagedTransposed ??= Load(
                !many ? GemmStaged.Kernel6<GemmStaged.Collected, TEpilogue>
                : gemm.TurnsBlocks ? GemmStaged.Kernel12<GemmStaged.Turned, TEpilogue>
                : GemmStaged.Kernel12<GemmStaged.Collected, TEpilogue>);
        }
        launcher(stream, (new Index2D(groups, 1), gemm.Group), a, b, c, g, epilogue);
    }

    private void RunLanes(
        GemmVariant variant, AcceleratorStream stream, bool transposeA, bool transposeB, GemmArguments g, FloatView a, int lda,
        FloatView b, int ldb, FloatView c, TEpilogue epilogue)
    {
        GemmPacking packing = gemm.Packing!;
        int panels = GemmContext.Blocks(g.N, gemm.TileColumns), rowTiles = GemmContext.Blocks(g.M, gemm.TileRows);
        bool packA = variant is GemmVariant.LanesPackedA or GemmVariant.LanesPackedBoth;
        bool packB = variant is GemmVariant.LanesPackedB or GemmVariant.LanesPackedBoth;
        g.ATile = gemm.TileRows * g.ARow;
        g.BPanel = gemm.TileColumns;
        if (packA)
        {
            a = packing.PackA(stream, a, lda, transposeA, g.M, g.K);
            g.ARow = 1;
            g.ADepth = gemm.TileRows;
            g.ATile = gemm.TileRows * g.K;
        }
        if (packB)
        {
            b = packing.PackB(stream, b, ldb, transposeB, g.N, g.K);
            g.BDepth = gemm.TileColumns;
            g.BPanel = gemm.TileColumns * g.K;
            g.BPacked = 1;
        }
        int groupsY = gemm.Cut(ref g, panels, rowTiles, gemm.Caches.PanelElements / gemm.TileColumns, gemm.WantedGroups);
        GemmLauncher<TEpilogue> launcher = packA || transposeA
            ? neighbouringRows ??= LoadLanes<GemmLanes.NeighbouringRows>()
            : distantRows ??= LoadLanes<GemmLanes.DistantRows>();
        launcher(stream, (new Index2D(g.GroupsX, groupsY), gemm.Group), a, b, c, g, epilogue);
    }

    private GemmLauncher<TEpilogue> LoadLanes<TRows>()
        where TRows : struct, GemmLanes.IRows =>
        gemm.TileRows == GemmLanes.ManyRows ? Load(GemmLanes.Kernel12<TRows, TEpilogue>) : Load(GemmLanes.Kernel6<TRows, TEpilogue>);

    private delegate void TileLauncher(
        AcceleratorStream stream, KernelConfig config, FloatView a, FloatView b, FloatView c, FloatView workspace, ArrayView<int> tickets,
        GemmArguments arguments, TEpilogue epilogue);

    private GemmLauncher<TEpilogue> Load(Action<FloatView, FloatView, FloatView, GemmArguments, TEpilogue> method) =>
        new(gemm.Accelerator.LoadKernel(method));

    private static void Check(string name, FloatView view, int rows, int columns, int leading)
    {
        if (leading < Math.Max(columns, 1))
        {
            throw new ArgumentException(
                $"The leading dimension of {name} is {leading}, but its rows have {columns} elements; it must be at least that.");
        }
        long needed = rows == 0 || columns == 0 ? 0 : (long)(rows - 1) * leading + columns;
        if (view.Length < needed)
        {
            throw new ArgumentException(
                $"{name} is {rows} × {columns} with leading dimension {leading} and needs {needed} elements, " +
                $"but its view has {view.Length}.");
        }
        if (needed > int.MaxValue)
            throw new ArgumentException($"{name} spans {needed} elements; the kernels index with 32 bits. Multiply it in parts.");
    }
}

internal delegate void GemmLauncher<TEpilogue>(
    AcceleratorStream stream, KernelConfig config, FloatView a, FloatView b, FloatView c, GemmArguments arguments, TEpilogue epilogue)
    where TEpilogue : struct, IEpilogue;

/// <summary>Sizes and strides of a product as the kernels take them; strides are in elements.</summary>
internal struct GemmArguments
{
    public int M, N, K;

    /// <summary>From one row of op(A) to the next, from one k to the next, from one tile of rows to the next.</summary>
    public int ARow, ADepth, ATile;

    /// <summary>From one column of op(B) to the next, from one k to the next, from one panel of columns to the next.</summary>
    public int BColumn, BDepth, BPanel;

    /// <summary>Whether B lies in padded panels.</summary>
    public int BPacked;

    public int Ldc;
    public float Alpha, Beta;

    /// <summary>Whether the column sums of op(B) are wanted, too.</summary>
    public int WithColumnSums;

    /// <summary>How the work is cut for CPUs: k per slice, panels (or tiles) of columns and tiles of rows per group.</summary>
    public int DepthBlock, PanelsPerGroup, TilesPerGroup;

    /// <summary>Groups side by side, where they are numbered through, and tiles one below the other on GPUs.</summary>
    public int GroupsX, GroupsY;

    /// <summary>On GPUs: parts of <see cref="DepthBlock"/> that the product is cut into along k.</summary>
    public int Slices;

    /// <summary>On GPUs: where the product's part of the workspace and of the tickets starts and ends.</summary>
    public int WorkspaceStart, TicketStart, WorkspaceEnd, TicketEnd;

    /// <summary>On GPUs: whether the operands' runs of neighbours can be read 16 bytes at a time.</summary>
    public int AVectors, BVectors;
}
