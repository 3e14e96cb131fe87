// The matrix product of Gemm.cs for CPUs: a group is one warp, lanes own columns, rows are named locals.
//
// The loops around the micro-kernel are BLIS's (Van Zee & van de Geijn 2015). A group computes a block of C: some panels of two vectors of
// columns times some tiles of rows. For a slice of k as deep as the caches like it walks its panels, and for each panel its tiles, so a
// slice of a panel stays in the first-level cache while the tiles pass by, and all that the group touches in one slice in the second.
// Between slices the sums wait in C.
//
// Rows that do not fill a tile are taken 8, 4, 2, 1 at a time: a batch of 128 = 10·12 + 8 computes nothing in vain. The sums pass through a
// strip of shared memory, which lies in the first-level cache, so that the epilogue is compiled once per kernel and not once per row;
// each lane reads back what it wrote itself, which needs no barrier.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Planning;
using ILGPU;
using ILGPU.Algorithms;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

internal static class GemmLanes
{
    /// <summary>Lanes that shared memory is laid out for at most.</summary>
    public const int MaxWarp = 64;

    public static void Kernel<TTile, TRows, TEpilogue>(FloatView a, FloatView b, FloatView c, GemmArguments g, TEpilogue epilogue)
        where TTile : struct, ITileRows
        where TRows : struct, IRows
        where TEpilogue : struct, IEpilogue
    {
        FloatView sums = SharedMemory.Allocate<float>(TTile.Rows * 2 * MaxWarp);
        GemmStaged.Multiply<TTile, TRows, GemmStaged.InPlace, EpilogueOutput<TEpilogue>>(
            a, b, c, sums, sums, g, new Block(g, Grid.IdxX, TTile.Rows), new(epilogue));
    }

    /// <summary>
    /// As <see cref="Kernel{TTile, TRows, TEpilogue}"/>, both operands packed: what lies between two k is known when the kernel is
    /// compiled, so nothing need be asked for ahead.
    /// </summary>
    public static void PackedKernel<TTile, TEpilogue>(FloatView a, FloatView b, FloatView c, GemmArguments g, TEpilogue epilogue)
        where TTile : struct, ITileRows
        where TEpilogue : struct, IEpilogue
    {
        g.ADepth = TTile.PackedRows;
        g.BDepth = 2 * Group.DimX;
        g.BPacked = 1;
        Kernel<TTile, NeighbouringRows, TEpilogue>(a, b, c, g, epilogue);
    }

    /// <summary>The micro-kernel: a tile's sums over one slice of k; gives its rows.</summary>
    public static int Multiply<TSums, TRows, TColumns>(FloatView a, FloatView b, FloatView sums, Tile tile, GemmArguments g)
        where TSums : struct, IRowSums
        where TRows : struct, IRows
        where TColumns : struct, IColumns
    {
        int atA = tile.AtA, atB = tile.AtB;
        var rows = default(TSums);
        for (int k = 0; k < tile.Depth; k++)
        {
            float b0 = TColumns.First(b, atB, tile.Column, g.N);
            float b1 = TColumns.Second(b, atB, tile.Column, g.N);
            rows.Add(a, atA, TRows.Pitch(g), b0, b1);
            atA += TRows.Depth(g);
            atB += g.BDepth;
        }
        rows.Keep(sums, 0);
        return TSums.Rows;
    }

    /// <summary>The larger of two tiles that is full, or one row.</summary>
    public static int MultiplyFew<TMore, TLess, TRows, TColumns>(
        FloatView a, FloatView b, FloatView sums, Tile tile, GemmArguments g, int left)
        where TMore : struct, IRowSums
        where TLess : struct, IRowSums
        where TRows : struct, IRows
        where TColumns : struct, IColumns
    {
        if (left >= TMore.Rows)
            return Multiply<TMore, TRows, TColumns>(a, b, sums, tile, g);
        return left >= TLess.Rows
            ? Multiply<TLess, TRows, TColumns>(a, b, sums, tile, g)
            : Multiply<Rows1, TRows, TColumns>(a, b, sums, tile, g);
    }

    /// <summary>
    /// Asks for what a tile's sums will meet in memory, before they are made: it is there when they are. Rows lie a leading dimension
    /// apart, which hardware does not follow.
    /// </summary>
    internal static void Prefetch<TOutput>(FloatView c, Tile tile, int rows, GemmArguments g, TOutput output)
        where TOutput : struct, ITileOutput
    {
        if ((tile.Panel + 1) * 2 * Group.DimX > g.N)
            return;
        for (int row = tile.Row; row < tile.Row + rows; row++)
        {
            Common.Prefetch.Of(ref c[row * g.Ldc + tile.Column]);
            Common.Prefetch.Of(ref c[row * g.Ldc + tile.Column + Group.DimX]);
            if (tile.IsLast)
            {
                output.Prefetch(row, tile.Column, g);
                output.Prefetch(row, tile.Column + Group.DimX, g);
            }
        }
    }

    /// <summary>Hands the sums of a tile's first rows on. Columns that all exist are taken without asking lane by lane.</summary>
    internal static void Finish<TOutput>(FloatView c, FloatView sums, Tile tile, int rows, GemmArguments g, TOutput output)
        where TOutput : struct, ITileOutput
    {
        bool isWhole = (tile.Panel + 1) * 2 * Group.DimX <= g.N;
        for (int row = 0; row < rows; row++)
        {
            int at = 2 * row * Group.DimX + Group.IdxX;
            float term = 0f;
            if (isWhole)
            {
                term = Take(sums[at], c, tile, row, tile.Column, g, output);
                term += Take(sums[at + Group.DimX], c, tile, row, tile.Column + Group.DimX, g, output);
            }
            else
            {
                if (tile.Column < g.N)
                    term = Take(sums[at], c, tile, row, tile.Column, g, output);
                if (tile.Column + Group.DimX < g.N)
                    term += Take(sums[at + Group.DimX], c, tile, row, tile.Column + Group.DimX, g, output);
            }
            if (TOutput.SumsRows && tile.IsLast)
            {
                float sum = GroupShapes.SumOfWarp(term);
                if (Group.IdxX == 0)
                    output.StoreRow(sum, tile.Row + row, tile.Panel, g);
            }
        }
    }

    /// <summary>Hands one element on, or, before the last slice, keeps it in C; gives its term of the row's sum.</summary>
    private static float Take<TOutput>(float sum, FloatView c, Tile tile, int row, int column, GemmArguments g, TOutput output)
        where TOutput : struct, ITileOutput
    {
        int at = (tile.Row + row) * g.Ldc + column;
        float value = g.Alpha * sum;
        if (tile.Beta != 0f)
            value += tile.Beta * c[at];
        if (tile.IsLast)
            return output.Take(c, value, tile.Row + row, column, g);
        c[at] = value;
        return 0f;
    }

    /// <summary>How the rows of op(A) lie.</summary>
    internal interface IRows
    {
        /// <summary>Elements from one to the next.</summary>
        static abstract int Pitch(GemmArguments g);

        /// <summary>Elements from one k to the next.</summary>
        static abstract int Depth(GemmArguments g);
    }

    /// <summary>Next to each other: A is transposed or packed.</summary>
    internal readonly struct NeighbouringRows : IRows
    {
        public static int Pitch(GemmArguments g) => 1;

        public static int Depth(GemmArguments g) => g.ADepth;
    }

    /// <summary>A leading dimension apart, each along k.</summary>
    internal readonly struct DistantRows : IRows
    {
        public static int Pitch(GemmArguments g) => g.ARow;

        public static int Depth(GemmArguments g) => 1;
    }

    /// <summary>How a lane loads its two elements of a row of op(B).</summary>
    internal interface IColumns
    {
        static abstract float First(FloatView b, int at, int column, int columns);

        static abstract float Second(FloatView b, int at, int column, int columns);
    }

    /// <summary>All columns of the panel exist.</summary>
    internal readonly struct WholeColumns : IColumns
    {
        public static float First(FloatView b, int at, int column, int columns) => b[at];

        public static float Second(FloatView b, int at, int column, int columns) => b[at + Group.DimX];
    }

    /// <summary>The panel reaches over the right edge.</summary>
    internal readonly struct EdgeColumns : IColumns
    {
        public static float First(FloatView b, int at, int column, int columns) => column < columns ? b[at] : 0f;

        public static float Second(FloatView b, int at, int column, int columns) =>
            column + Group.DimX < columns ? b[at + Group.DimX] : 0f;
    }

    /// <summary>The part of C that is this group's.</summary>
    internal readonly struct Block
    {
        public readonly int FirstPanel, PanelEnd, FirstRow, RowEnd, DepthEnd;

        public Block(GemmArguments g, int group, int tileRows)
        {
            int groupX = group % g.GroupsX, groupY = group / g.GroupsX;
            FirstPanel = groupX * g.PanelsPerGroup;
            PanelEnd = XMath.Min(FirstPanel + g.PanelsPerGroup, Blocks.Of(g.N, 2 * Group.DimX));
            FirstRow = groupY * g.TilesPerGroup * tileRows;
            RowEnd = XMath.Min(FirstRow + g.TilesPerGroup * tileRows, g.M);
            // Of depth 0 there is still one slice: it stores zeros.
            DepthEnd = XMath.Max(g.K, 1);
        }

        /// <summary>Whether a panel's loads stay inside B: its columns all exist, or were filled up when B was packed.</summary>
        public bool IsWhole(GemmArguments g, int panel) => g.BPacked != 0 || (panel + 1) * 2 * Group.DimX <= g.N;
    }

    /// <summary>Where the micro-kernel starts, how deep it goes, and what its sums become.</summary>
    internal readonly struct Tile
    {
        public readonly int Panel, Row, Column, AtA, AtB, Depth;

        /// <summary>Factor of what C holds: the caller's in the first slice, 1 after it.</summary>
        public readonly float Beta;

        /// <summary>Whether this is the last slice, after which the epilogue follows.</summary>
        public readonly bool IsLast;

        public Tile(GemmArguments g, int panel, int row, int k0, int tileRows, int panelSlice)
        {
            Panel = panel;
            Row = row;
            Column = panel * 2 * Group.DimX + Group.IdxX;
            AtA = row / tileRows * g.ATile + row % tileRows * g.ARow + k0 * g.ADepth;
            AtB = panelSlice + Group.IdxX;
            Depth = XMath.Min(g.DepthBlock, g.K - k0);
            Beta = k0 == 0 ? g.Beta : 1f;
            IsLast = k0 + g.DepthBlock >= g.K;
        }
    }
}
