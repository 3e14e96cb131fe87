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

using ILGPU;
using ILGPU.Algorithms;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

internal static class GemmLanes
{
    /// <summary>Rows of a tile where there are registers for 24 accumulators, and where there are not.</summary>
    public const int ManyRows = 12, FewRows = 6;

    /// <summary>Lanes that shared memory is laid out for at most.</summary>
    public const int MaxWarp = 64;

    /// <summary>Tiles of 12 rows.</summary>
    public static void Kernel12<TRows, TEpilogue>(
        FloatView a, FloatView b, FloatView c, GemmArguments g, TEpilogue epilogue)
        where TRows : struct, IRows
        where TEpilogue : struct, IEpilogue
    {
        FloatView sums = SharedMemory.Allocate<float>(ManyRows * 2 * MaxWarp);
        var block = new Block(g, Grid.IdxX, Grid.IdxY, ManyRows);
        for (int k0 = 0; k0 < block.DepthEnd; k0 += g.DepthBlock)
        {
            for (int panel = block.FirstPanel; panel < block.PanelEnd; panel++)
            {
                bool whole = block.IsWhole(g, panel);
                int row = block.FirstRow;
                while (row < block.RowEnd)
                {
                    var tile = new Tile(g, panel, row, k0, ManyRows, panel * g.BPanel + k0 * g.BDepth);
                    int left = block.RowEnd - row;
                    int taken = left >= 12 ? 12 : left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
                    if (whole)
                    {
                        if (taken == 12)
                            Rows12<TRows, WholeColumns>(a, b, sums, tile, g);
                        else if (taken == 8)
                            Rows8<TRows, WholeColumns>(a, b, sums, tile, g);
                        else
                            UpTo4<TRows, WholeColumns>(a, b, sums, tile, g, taken);
                    }
                    else if (taken == 12)
                        Rows12<TRows, EdgeColumns>(a, b, sums, tile, g);
                    else if (taken == 8)
                        Rows8<TRows, EdgeColumns>(a, b, sums, tile, g);
                    else
                        UpTo4<TRows, EdgeColumns>(a, b, sums, tile, g, taken);
                    Finish(c, sums, tile, taken, g, epilogue);
                    row += taken;
                }
            }
        }
    }

    /// <summary>Tiles of 6 rows.</summary>
    public static void Kernel6<TRows, TEpilogue>(
        FloatView a, FloatView b, FloatView c, GemmArguments g, TEpilogue epilogue)
        where TRows : struct, IRows
        where TEpilogue : struct, IEpilogue
    {
        FloatView sums = SharedMemory.Allocate<float>(FewRows * 2 * MaxWarp);
        var block = new Block(g, Grid.IdxX, Grid.IdxY, FewRows);
        for (int k0 = 0; k0 < block.DepthEnd; k0 += g.DepthBlock)
        {
            for (int panel = block.FirstPanel; panel < block.PanelEnd; panel++)
            {
                bool whole = block.IsWhole(g, panel);
                int row = block.FirstRow;
                while (row < block.RowEnd)
                {
                    var tile = new Tile(g, panel, row, k0, FewRows, panel * g.BPanel + k0 * g.BDepth);
                    int left = block.RowEnd - row;
                    int taken = left >= 6 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
                    if (whole)
                    {
                        if (taken == 6)
                            Rows6<TRows, WholeColumns>(a, b, sums, tile, g);
                        else
                            UpTo4<TRows, WholeColumns>(a, b, sums, tile, g, taken);
                    }
                    else if (taken == 6)
                        Rows6<TRows, EdgeColumns>(a, b, sums, tile, g);
                    else
                        UpTo4<TRows, EdgeColumns>(a, b, sums, tile, g, taken);
                    Finish(c, sums, tile, taken, g, epilogue);
                    row += taken;
                }
            }
        }
    }

    private static void UpTo4<TRows, TColumns>(
        FloatView a, FloatView b, FloatView sums, Tile tile, GemmArguments g, int taken)
        where TRows : struct, IRows
        where TColumns : struct, IColumns
    {
        if (taken == 4)
            Rows4<TRows, TColumns>(a, b, sums, tile, g);
        else if (taken == 2)
            Rows2<TRows, TColumns>(a, b, sums, tile, g);
        else
            Rows1<TRows, TColumns>(a, b, sums, tile, g);
    }

    internal static void Rows12<TRows, TColumns>(FloatView a, FloatView b, FloatView sums, Tile tile, GemmArguments g)
        where TRows : struct, IRows
        where TColumns : struct, IColumns
    {
        int atA = tile.AtA, atB = tile.AtB;
        Row2 r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default;
        Row2 r6 = default, r7 = default, r8 = default, r9 = default, r10 = default, r11 = default;
        for (int k = 0; k < tile.Depth; k++)
        {
            float b0 = TColumns.First(b, atB, tile.Column, g.N);
            float b1 = TColumns.Second(b, atB, tile.Column, g.N);
            r0.Add(TRows.Load(a, atA, 0, g.ARow), b0, b1);
            r1.Add(TRows.Load(a, atA, 1, g.ARow), b0, b1);
            r2.Add(TRows.Load(a, atA, 2, g.ARow), b0, b1);
            r3.Add(TRows.Load(a, atA, 3, g.ARow), b0, b1);
            r4.Add(TRows.Load(a, atA, 4, g.ARow), b0, b1);
            r5.Add(TRows.Load(a, atA, 5, g.ARow), b0, b1);
            r6.Add(TRows.Load(a, atA, 6, g.ARow), b0, b1);
            r7.Add(TRows.Load(a, atA, 7, g.ARow), b0, b1);
            r8.Add(TRows.Load(a, atA, 8, g.ARow), b0, b1);
            r9.Add(TRows.Load(a, atA, 9, g.ARow), b0, b1);
            r10.Add(TRows.Load(a, atA, 10, g.ARow), b0, b1);
            r11.Add(TRows.Load(a, atA, 11, g.ARow), b0, b1);
            atA += g.ADepth;
            atB += g.BDepth;
        }
        r0.Keep(sums, 0);
        r1.Keep(sums, 1);
        r2.Keep(sums, 2);
        r3.Keep(sums, 3);
        r4.Keep(sums, 4);
        r5.Keep(sums, 5);
        r6.Keep(sums, 6);
        r7.Keep(sums, 7);
        r8.Keep(sums, 8);
        r9.Keep(sums, 9);
        r10.Keep(sums, 10);
        r11.Keep(sums, 11);
    }

    private static void Rows8<TRows, TColumns>(FloatView a, FloatView b, FloatView sums, Tile tile, GemmArguments g)
        where TRows : struct, IRows
        where TColumns : struct, IColumns
    {
        int atA = tile.AtA, atB = tile.AtB;
        Row2 r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default;
        Row2 r6 = default, r7 = default;
        for (int k = 0; k < tile.Depth; k++)
        {
            float b0 = TColumns.First(b, atB, tile.Column, g.N);
            float b1 = TColumns.Second(b, atB, tile.Column, g.N);
            r0.Add(TRows.Load(a, atA, 0, g.ARow), b0, b1);
            r1.Add(TRows.Load(a, atA, 1, g.ARow), b0, b1);
            r2.Add(TRows.Load(a, atA, 2, g.ARow), b0, b1);
            r3.Add(TRows.Load(a, atA, 3, g.ARow), b0, b1);
            r4.Add(TRows.Load(a, atA, 4, g.ARow), b0, b1);
            r5.Add(TRows.Load(a, atA, 5, g.ARow), b0, b1);
            r6.Add(TRows.Load(a, atA, 6, g.ARow), b0, b1);
            r7.Add(TRows.Load(a, atA, 7, g.ARow), b0, b1);
            atA += g.ADepth;
            atB += g.BDepth;
        }
        r0.Keep(sums, 0);
        r1.Keep(sums, 1);
        r2.Keep(sums, 2);
        r3.Keep(sums, 3);
        r4.Keep(sums, 4);
        r5.Keep(sums, 5);
        r6.Keep(sums, 6);
        r7.Keep(sums, 7);
    }

    internal static void Rows6<TRows, TColumns>(FloatView a, FloatView b, FloatView sums, Tile tile, GemmArguments g)
        where TRows : struct, IRows
        where TColumns : struct, IColumns
    {
        int atA = tile.AtA, atB = tile.AtB;
        Row2 r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default;
        for (int k = 0; k < tile.Depth; k++)
        {
            float b0 = TColumns.First(b, atB, tile.Column, g.N);
            float b1 = TColumns.Second(b, atB, tile.Column, g.N);
            r0.Add(TRows.Load(a, atA, 0, g.ARow), b0, b1);
            r1.Add(TRows.Load(a, atA, 1, g.ARow), b0, b1);
            r2.Add(TRows.Load(a, atA, 2, g.ARow), b0, b1);
            r3.Add(TRows.Load(a, atA, 3, g.ARow), b0, b1);
            r4.Add(TRows.Load(a, atA, 4, g.ARow), b0, b1);
            r5.Add(TRows.Load(a, atA, 5, g.ARow), b0, b1);
            atA += g.ADepth;
            atB += g.BDepth;
        }
        r0.Keep(sums, 0);
        r1.Keep(sums, 1);
        r2.Keep(sums, 2);
        r3.Keep(sums, 3);
        r4.Keep(sums, 4);
        r5.Keep(sums, 5);
    }

    internal static void Rows4<TRows, TColumns>(FloatView a, FloatView b, FloatView sums, Tile tile, GemmArguments g)
        where TRows : struct, IRows
        where TColumns : struct, IColumns
    {
        int atA = tile.AtA, atB = tile.AtB;
        Row2 r0 = default, r1 = default, r2 = default, r3 = default;
        for (int k = 0; k < tile.Depth; k++)
        {
            float b0 = TColumns.First(b, atB, tile.Column, g.N);
            float b1 = TColumns.Second(b, atB, tile.Column, g.N);
            r0.Add(TRows.Load(a, atA, 0, g.ARow), b0, b1);
            r1.Add(TRows.Load(a, atA, 1, g.ARow), b0, b1);
            r2.Add(TRows.Load(a, atA, 2, g.ARow), b0, b1);
            r3.Add(TRows.Load(a, atA, 3, g.ARow), b0, b1);
            atA += g.ADepth;
            atB += g.BDepth;
        }
        r0.Keep(sums, 0);
        r1.Keep(sums, 1);
        r2.Keep(sums, 2);
        r3.Keep(sums, 3);
    }

    internal static void Rows2<TRows, TColumns>(FloatView a, FloatView b, FloatView sums, Tile tile, GemmArguments g)
        where TRows : struct, IRows
        where TColumns : struct, IColumns
    {
        int atA = tile.AtA, atB = tile.AtB;
        Row2 r0 = default, r1 = default;
        for (int k = 0; k < tile.Depth; k++)
        {
            float b0 = TColumns.First(b, atB, tile.Column, g.N);
            float b1 = TColumns.Second(b, atB, tile.Column, g.N);
            r0.Add(TRows.Load(a, atA, 0, g.ARow), b0, b1);
            r1.Add(TRows.Load(a, atA, 1, g.ARow), b0, b1);
            atA += g.ADepth;
            atB += g.BDepth;
        }
        r0.Keep(sums, 0);
        r1.Keep(sums, 1);
    }

    internal static void Rows1<TRows, TColumns>(FloatView a, FloatView b, FloatView sums, Tile tile, GemmArguments g)
        where TRows : struct, IRows
        where TColumns : struct, IColumns
    {
        int atA = tile.AtA, atB = tile.AtB;
        Row2 r0 = default;
        for (int k = 0; k < tile.Depth; k++)
        {
            float b0 = TColumns.First(b, atB, tile.Column, g.N);
            float b1 = TColumns.Second(b, atB, tile.Column, g.N);
            r0.Add(TRows.Load(a, atA, 0, g.ARow), b0, b1);
            atA += g.ADepth;
            atB += g.BDepth;
        }
        r0.Keep(sums, 0);
    }

    /// <summary>Takes the sums of a tile's first rows to C.</summary>
    internal static void Finish<TEpilogue>(
        FloatView c, FloatView sums, Tile tile, int rows, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        for (int row = 0; row < rows; row++)
        {
            int at = 2 * row * Group.DimX + Group.IdxX;
            if (tile.Column < g.N)
                Store(sums[at], c, tile, tile.Row + row, tile.Column, g, epilogue);
            if (tile.Column + Group.DimX < g.N)
                Store(sums[at + Group.DimX], c, tile, tile.Row + row, tile.Column + Group.DimX, g, epilogue);
        }
    }

    private static void Store<TEpilogue>(float sum, FloatView c, Tile tile, int row, int column, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        int at = row * g.Ldc + column;
        float value = g.Alpha * sum;
        if (tile.Beta != 0f)
            value += tile.Beta * c[at];
        c[at] = tile.IsLast ? epilogue.Apply(value, row, column) : value;
    }

    /// <summary>How an element of A is found from that of its tile's first row.</summary>
    internal interface IRows
    {
        static abstract float Load(FloatView a, int at, int row, int pitch);
    }

    /// <summary>The rows of op(A) are neighbours in memory: A is transposed or packed.</summary>
    internal readonly struct NeighbouringRows : IRows
    {
        public static float Load(FloatView a, int at, int row, int pitch) => a[at + row];
    }

    /// <summary>The rows of op(A) are a leading dimension apart.</summary>
    internal readonly struct DistantRows : IRows
    {
        public static float Load(FloatView a, int at, int row, int pitch) => a[at + row * pitch];
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
    private readonly struct EdgeColumns : IColumns
    {
        public static float First(FloatView b, int at, int column, int columns) => column < columns ? b[at] : 0f;

        public static float Second(FloatView b, int at, int column, int columns) =>
            column + Group.DimX < columns ? b[at + Group.DimX] : 0f;
    }

    /// <summary>The part of C that is this group's.</summary>
    internal readonly struct Block
    {
        public readonly int FirstPanel, PanelEnd, FirstRow, RowEnd, DepthEnd;

        public Block(GemmArguments g, int groupX, int groupY, int tileRows)
        {
            FirstPanel = groupX * g.PanelsPerGroup;
            PanelEnd = XMath.Min(FirstPanel + g.PanelsPerGroup, (g.N + 2 * Group.DimX - 1) / (2 * Group.DimX));
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
        public readonly int Row, Column, AtA, AtB, Depth;

        /// <summary>Factor of what C holds: the caller's in the first slice, 1 after it.</summary>
        public readonly float Beta;

        /// <summary>Whether this is the last slice, after which the epilogue follows.</summary>
        public readonly bool IsLast;

        public Tile(GemmArguments g, int panel, int row, int k0, int tileRows, int panelSlice)
        {
            Row = row;
            Column = panel * 2 * Group.DimX + Group.IdxX;
            AtA = row / tileRows * g.ATile + row % tileRows * g.ARow + k0 * g.ADepth;
            AtB = panelSlice + Group.IdxX;
            Depth = XMath.Min(g.DepthBlock, g.K - k0);
            Beta = k0 == 0 ? g.Beta : 1f;
            IsLast = k0 + g.DepthBlock >= g.K;
        }

        /// <summary>Operands staged by the caller, who also takes the sums where they belong.</summary>
        public Tile(int atA, int atB, int depth)
        {
            this = default;
            AtA = atA;
            AtB = atB;
            Depth = depth;
        }
    }

    /// <summary>One row's sums in a lane: its two columns.</summary>
    internal struct Row2
    {
        public float X0, X1;

        public void Add(float a, float b0, float b1)
        {
            X0 += a * b0;
            X1 += a * b1;
        }

        public readonly void Keep(FloatView sums, int row)
        {
            int at = 2 * row * Group.DimX + Group.IdxX;
            sums[at] = X0;
            sums[at + Group.DimX] = X1;
        }
    }
}
