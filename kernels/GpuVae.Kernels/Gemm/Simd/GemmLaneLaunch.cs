// How products are launched where a warp is a vector: the choice of kernel, and the blocks that groups work on.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Planning;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

/// <summary>Loads a kernel of one operation for the tiles, and the ways of laying out B and Bᵀ, that suit the accelerator.</summary>
/// <typeparam name="TLauncher">The launcher of that operation.</typeparam>
internal interface ILaneLoader<TLauncher>
{
    TLauncher Load<TTile, TPlain, TTransposed>()
        where TTile : struct, ITileRows
        where TPlain : struct, GemmStaged.IStaging
        where TTransposed : struct, GemmStaged.IStaging;
}

/// <summary>What the launchers of products for CPUs share.</summary>
internal sealed class GemmLaneLaunch : IDisposable
{
    private const int MaxPanelsPerGroup = 32;

    // Up to this many rows, collecting the columns of Bᵀ for the lanes costs more than the sums across lanes without it.
    private const int MaxRowsOfDots = 4;

    // From this many tiles of rows on, a group lays out its panels in shared memory itself.
    private const int MinTilesToStage = 3;

    // Tiles of rows that a block of A has even where it is cut as deep as can be. Every slice of k takes the sums to C and back; a slice of
    // a panel that comes from the second level instead of the first costs nothing beside that.
    private const int LeastTilesOfBlock = 16;

    // A copy of an operand takes as long as a few panels, or tiles, of the product.
    private const int LeastPanelsToPackA = 8, LeastTilesToPackB = 16;

    // Where panels of B are read as they lie, deeper slices bring nothing.
    private const int InPlaceDepth = 1024;

    // Rows of A so far apart, 4 KiB, share a set of the first-level cache, which has fewer ways than a tile has rows.
    private const int RowsThatCollide = 1024;

    // Shallower slices, which take the sums to C and back more often, are not tried.
    private const int LeastDepth = 64;

    private readonly int warp, cores;
    private readonly bool readsInPlace;
    private readonly GemmPacking packing;
    private readonly CacheSizes caches = CacheSizes.OfThisMachine;

    public GemmLaneLaunch(Accelerator accelerator)
    {
        (warp, cores) = (accelerator.WarpSize, accelerator.NumMultiprocessors);
        (TileRows, PackedRows) = HasManyRegisters(accelerator) ? (Rows12.Rows, Rows12.PackedRows) : (Rows6.Rows, Rows6.PackedRows);
        readsInPlace = warp == 16 && VectorUnits.AreHalves;
        TileColumns = 2 * warp;
        WantedGroups = GroupShapes.ForAllCores(accelerator);
        packing = new GemmPacking(accelerator, TileRows, PackedRows);
    }

    /// <summary>Whether 24 accumulators and their operands fit: 32 registers come with vectors of 16 floats.</summary>
    public static bool HasManyRegisters(Accelerator accelerator) => accelerator.WarpSize >= 16;

    /// <summary>Rows of C per tile.</summary>
    public int TileRows { get; }

    /// <summary>The same in a packed tile, padded.</summary>
    public int PackedRows { get; }

    /// <summary>Columns of C per panel.</summary>
    public int TileColumns { get; }

    /// <summary>Groups that keep all cores busy to the end.</summary>
    public int WantedGroups { get; }

    public void Dispose() => packing.Dispose();

    /// <summary>The choice without a table: it depends on nothing but the product and the device.</summary>
    public GemmChoice Choose(GemmProblem problem) => Ruled(Rule(problem), problem);

    /// <summary>Everything that could be chosen for a product.</summary>
    public IEnumerable<GemmChoice> Candidates(GemmProblem problem)
    {
        var variants = new List<GemmVariant> { Rule(problem) };
        if (problem.Use == GemmUse.Product && problem.K > 0)
        {
            variants.AddRange([GemmVariant.LanesPackedB, GemmVariant.LanesPackedBoth]);
            // Lanes need the columns of op(B) next to each other.
            if (!problem.TransposeB)
                variants.AddRange([GemmVariant.Lanes, GemmVariant.LanesPackedA]);
            if (!problem.TransposeA)
                variants.Add(GemmVariant.Staged);
            if (!problem.TransposeA && problem.TransposeB && problem.M <= 4 * MaxRowsOfDots && HasColumnsForDots(problem))
                variants.Add(GemmVariant.Dots);
        }
        return variants.Distinct().SelectMany(variant => CutDifferently(Ruled(variant, problem), problem));
    }

    private GemmChoice Ruled(GemmVariant variant, GemmProblem p) => new(variant, variant switch
    {
        GemmVariant.Dots or GemmVariant.Row => 1,
        GemmVariant.Staged => StagedSlices(p.K),
        _ => FitsWhole(p.M, p.K) ? 1 : SlicesOf(p.K),
    });

    private int SlicesOf(int k) =>
        Math.Max(Blocks.Of(k, readsInPlace ? InPlaceDepth : caches.BlockElements / (LeastTilesOfBlock * TileRows)), 1);

    /// <summary>A choice, and what it is with slices half and twice as deep; depth is tuned for products alone, as kernels are.</summary>
    private IEnumerable<GemmChoice> CutDifferently(GemmChoice choice, GemmProblem p)
    {
        yield return choice;
        if (p.Use != GemmUse.Product || choice.Variant is GemmVariant.Dots or GemmVariant.Row)
            yield break;
        if (Blocks.Of(p.K, 2 * choice.Slices) >= LeastDepth)
            yield return choice with { Slices = 2 * choice.Slices };
        // A staged slice is as deep as its space allows.
        if (choice.Slices > 1 && choice.Variant != GemmVariant.Staged)
            yield return choice with { Slices = Blocks.Of(choice.Slices, 2) };
    }

    private int StagedSlices(int k) => Math.Max(Blocks.Of(k, GemmStaged.SliceElements / TileColumns), 1);

    private bool FitsWhole(int rows, int k) => (long)rows * k <= caches.WholeElements;

    private GemmVariant Rule(GemmProblem p)
    {
        if (p.TransposeB && !p.TransposeA && p.M <= MaxRowsOfDots && HasColumnsForDots(p))
            return GemmVariant.Dots;
        if (IsRow(p))
            return GemmVariant.Row;
        long elementsOfA = (long)p.M * p.K;
        if (readsInPlace)
        {
            // Neither operand falls out of the caches before it is late; what is several times as large as the second level comes too late.
            bool isFar = p.TransposeA ? elementsOfA > 4L * caches.SecondLevelElements : p.K > 0 && p.K % RowsThatCollide == 0;
            return Packed(
                isFar && Blocks.Of(p.N, TileColumns) >= LeastPanelsToPackA,
                p.K > 0 && (p.TransposeB ||
                    ((long)p.N * p.K > 4L * caches.SecondLevelElements && Blocks.Of(p.M, TileRows) >= LeastTilesToPackB)));
        }
        if (!p.TransposeA && p.M >= MinTilesToStage * TileRows && FitsWhole(p.M, p.K))
            return GemmVariant.Staged;
        // An operand larger than the second-level cache falls out of it before it is read again. Columns of Bᵀ are never neighbours. Six
        // rows that lie apart are read as fast as packed ones.
        bool packA = PaysToPackTransposed(p) ||
            (p.K > 0 && elementsOfA > caches.SecondLevelElements && Blocks.Of(p.N, TileColumns) >= LeastPanelsToPackA &&
                (p.TransposeA || TileRows == Rows12.Rows));
        bool packB = p.K > 0 &&
            (p.TransposeB ||
                ((PaysToPackTransposed(p) || (long)p.N * p.K > caches.SecondLevelElements) &&
                    Blocks.Of(p.M, TileRows) >= LeastTilesToPackB));
        return Packed(packA, packB);
    }

    private static GemmVariant Packed(bool packA, bool packB) => (packA, packB) switch
    {
        (true, true) => GemmVariant.LanesPackedBoth,
        (true, false) => GemmVariant.LanesPackedA,
        (false, true) => GemmVariant.LanesPackedB,
        _ => GemmVariant.Lanes,
    };

    /// <summary>
    /// Whether tiles of six neighbours along a row of A are laid out first: they are a part of a cache line, of which each k has another.
    /// </summary>
    private bool PaysToPackTransposed(GemmProblem p) =>
        p.TransposeA && p.K > 0 && TileRows != Rows12.Rows && Blocks.Of(p.N, TileColumns) >= LeastPanelsToPackA;

    private bool IsRow(GemmProblem p) =>
        p.Use == GemmUse.Product && p.M == 1 && !p.TransposeB && p.N >= GemmRow.LeastVectors * warp;

    private bool HasColumnsForDots(GemmProblem p) => p.N >= GemmDots.Columns(warp);

    /// <summary>Groups are one warp each.</summary>
    public KernelConfig Config(int groups) => new(groups, warp);

    /// <summary>Loads the variant of a kernel that suits the vectors.</summary>
    public TLauncher Load<TLauncher>(ILaneLoader<TLauncher> loader) => (TileRows == Rows12.Rows, warp) switch
    {
        (true, 16) when readsInPlace => loader.Load<Rows12, GemmStaged.InPlace, GemmStaged.Turned<Square16>>(),
        (_, 16) => loader.Load<Rows12, GemmStaged.Copied, GemmStaged.Turned<Square16>>(),
        (_, 8) => loader.Load<Rows6, GemmStaged.Copied, GemmStaged.Turned<Square8>>(),
        (_, 4) => loader.Load<Rows6, GemmStaged.Copied, GemmStaged.Turned<Square4>>(),
        (true, _) => loader.Load<Rows12, GemmStaged.Copied, GemmStaged.Collected>(),
        _ => loader.Load<Rows6, GemmStaged.Copied, GemmStaged.Collected>(),
    };

    /// <summary>The weight gradients' xᵀ as their tiles are best read: as it lies, or packed.</summary>
    public FloatView LayOut(AcceleratorStream stream, MatrixView transposedX, ref GemmArguments g) =>
        PaysToPackTransposed(new GemmProblem(GemmUse.WeightGradient, true, false, g.M, g.N, g.K))
            ? PackA(stream, transposedX, ref g)
            : transposedX.View;

    /// <summary>Packs A for GemmLanes.cs, to be read with the strides that are written into the product.</summary>
    public FloatView PackA(AcceleratorStream stream, MatrixView a, ref GemmArguments g)
    {
        g.ARow = 1;
        g.ADepth = PackedRows;
        g.ATile = PackedRows * g.K;
        return packing.PackA(stream, a);
    }

    /// <summary>As <see cref="PackA"/>.</summary>
    public FloatView PackB(AcceleratorStream stream, MatrixView b, ref GemmArguments g)
    {
        g.BDepth = TileColumns;
        g.BPanel = TileColumns * g.K;
        g.BPacked = 1;
        return packing.PackB(stream, b);
    }

    /// <summary>
    /// Cuts a product with B as <see cref="Load"/> has it where it is not transposed, in slices as deep as that allows; gives the number of
    /// groups.
    /// </summary>
    public int CutPlain(ref GemmArguments g, int wantedGroups) =>
        readsInPlace ? Cut(ref g, SlicesOf(g.K), wantedGroups) : CutStaged(ref g, wantedGroups);

    /// <summary>As <see cref="CutPlain"/>, with B copied or turned over.</summary>
    public int CutStaged(ref GemmArguments g, int wantedGroups) => CutStaged(ref g, StagedSlices(g.K), wantedGroups);

    /// <summary>Cuts a product for GemmStaged.cs; gives the number of groups.</summary>
    /// <param name="g">The product; how it is cut is written there.</param>
    /// <param name="slices">Parts along k.</param>
    /// <param name="wantedGroups">Groups to cut into at least.</param>
    public int CutStaged(ref GemmArguments g, int slices, int wantedGroups)
    {
        int groups = Cut(ref g, slices, wantedGroups);
        // Slices of whole blocks, as they are turned over in registers.
        g.DepthBlock = Blocks.Of(Blocks.Of(g.K, slices), SquareBlock.MaxSide) * SquareBlock.MaxSide;
        return groups;
    }

    /// <summary>Cuts a product for GemmLanes.cs, packed or not; gives the number of groups.</summary>
    /// <param name="g">The product; how it is cut is written there.</param>
    /// <param name="slices">Parts along k.</param>
    /// <param name="wantedGroups">Groups to cut into at least.</param>
    public int Cut(ref GemmArguments g, int slices, int wantedGroups)
    {
        if (g.ATile == 0)
            g.ATile = TileRows * g.ARow;
        if (g.BPacked == 0)
            g.BPanel = TileColumns;
        int panels = Blocks.Of(g.N, TileColumns), rowTiles = Blocks.Of(g.M, TileRows);
        bool whole = FitsWhole(g.M, g.K);
        g.DepthBlock = Math.Max(Blocks.Of(g.K, slices), 1);
        int tilesOfBlock = whole ? rowTiles : Math.Max(caches.BlockElements / (TileRows * g.DepthBlock), 1);
        int blocksOfRows = Blocks.Of(rowTiles, tilesOfBlock);
        int panelsToShare = (int)((long)panels * blocksOfRows / wantedGroups);
        g.PanelsPerGroup = whole ? 1 : Math.Clamp(panelsToShare, 1, Math.Min(panels, MaxPanelsPerGroup));
        g.GroupsX = Blocks.Of(panels, g.PanelsPerGroup);
        int groupsY = Math.Clamp(Blocks.Of(wantedGroups, g.GroupsX), blocksOfRows, rowTiles);
        // Nine groups on two cores would take as long as ten.
        for (int more = groupsY; more < Math.Min(groupsY + cores, rowTiles + 1); more++)
        {
            g.TilesPerGroup = Blocks.Of(rowTiles, more);
            if (g.GroupsX * Blocks.Of(rowTiles, g.TilesPerGroup) % cores == 0)
                return g.GroupsX * Blocks.Of(rowTiles, g.TilesPerGroup);
        }
        g.TilesPerGroup = Blocks.Of(rowTiles, groupsY);
        return g.GroupsX * Blocks.Of(rowTiles, g.TilesPerGroup);
    }
}
