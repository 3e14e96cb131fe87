// The matrix product of GemmLanes.cs with the slice of a panel of op(B) laid out in shared memory by the group itself: no launch of its own
// for packing, and no panel whose rows lie so far apart in memory that they push each other out of the first-level cache. On a CPU
// shared memory is a worker's own scratch, and a slice fits into that cache. It pays where a group has more than a few tiles of rows.
//
// There are fewer sizes of tiles than in GemmLanes.cs: the just-in-time compiler keeps track of about a thousand variables per method, and
// two products in one kernel came to more, which sent accumulators through memory.

using ILGPU;
using ILGPU.Algorithms;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

internal static class GemmStaged
{
    /// <summary>Elements of the shared memory for a slice of a panel: 32 KiB.</summary>
    public const int SliceElements = 1 << 13;

    /// <summary>The product of A as it lies, in tiles of 12 rows.</summary>
    public static void Kernel12<TStaging, TEpilogue>(FloatView a, FloatView b, FloatView c, GemmArguments g, TEpilogue epilogue)
        where TStaging : struct, IStaging
        where TEpilogue : struct, IEpilogue
    {
        FloatView slice = SharedMemory.Allocate<float>(SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(GemmLanes.ManyRows * 2 * GemmLanes.MaxWarp);
        var block = new GemmLanes.Block(g, Grid.IdxX % g.GroupsX, Grid.IdxX / g.GroupsX, GemmLanes.ManyRows);
        Multiply12<GemmLanes.DistantRows, TStaging, TEpilogue>(a, b, c, slice, sums, g, block, epilogue);
    }

    /// <summary>The product of A as it lies, in tiles of 6 rows.</summary>
    public static void Kernel6<TStaging, TEpilogue>(FloatView a, FloatView b, FloatView c, GemmArguments g, TEpilogue epilogue)
        where TStaging : struct, IStaging
        where TEpilogue : struct, IEpilogue
    {
        FloatView slice = SharedMemory.Allocate<float>(SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(GemmLanes.FewRows * 2 * GemmLanes.MaxWarp);
        var block = new GemmLanes.Block(g, Grid.IdxX % g.GroupsX, Grid.IdxX / g.GroupsX, GemmLanes.FewRows);
        Multiply6<GemmLanes.DistantRows, TStaging, TEpilogue>(a, b, c, slice, sums, g, block, epilogue);
    }

    /// <summary>The group's block of C in tiles of 12 rows; see <see cref="GemmLanes.Kernel12{TRows, TEpilogue}"/>.</summary>
    public static void Multiply12<TRows, TStaging, TEpilogue>(
        FloatView a, FloatView b, FloatView c, FloatView slice, FloatView sums, GemmArguments g, GemmLanes.Block block, TEpilogue epilogue)
        where TRows : struct, GemmLanes.IRows
        where TStaging : struct, IStaging
        where TEpilogue : struct, IEpilogue
    {
        GemmArguments staged = Staged(g);
        for (int k0 = 0; k0 < block.DepthEnd; k0 += g.DepthBlock)
        {
            for (int panel = block.FirstPanel; panel < block.PanelEnd; panel++)
            {
                TStaging.Stage(b, slice, panel * 2 * Group.DimX, k0, XMath.Min(g.DepthBlock, g.K - k0), g);
                Group.Barrier();
                int row = block.FirstRow;
                while (row < block.RowEnd)
                {
                    var tile = new GemmLanes.Tile(staged, panel, row, k0, GemmLanes.ManyRows, 0);
                    int left = block.RowEnd - row;
                    int taken = left >= 12 ? 12 : left >= 4 ? 4 : 1;
                    if (taken == 12)
                        GemmLanes.Rows12<TRows, GemmLanes.WholeColumns>(a, slice, sums, tile, staged);
                    else if (taken == 4)
                        GemmLanes.Rows4<TRows, GemmLanes.WholeColumns>(a, slice, sums, tile, staged);
                    else
                        GemmLanes.Rows1<TRows, GemmLanes.WholeColumns>(a, slice, sums, tile, staged);
                    GemmLanes.Finish(c, sums, tile, taken, g, epilogue);
                    row += taken;
                }
                Group.Barrier();
            }
        }
    }

    /// <summary>The group's block of C in tiles of 6 rows; see <see cref="GemmLanes.Kernel6{TRows, TEpilogue}"/>.</summary>
    public static void Multiply6<TRows, TStaging, TEpilogue>(
        FloatView a, FloatView b, FloatView c, FloatView slice, FloatView sums, GemmArguments g, GemmLanes.Block block, TEpilogue epilogue)
        where TRows : struct, GemmLanes.IRows
        where TStaging : struct, IStaging
        where TEpilogue : struct, IEpilogue
    {
        GemmArguments staged = Staged(g);
        for (int k0 = 0; k0 < block.DepthEnd; k0 += g.DepthBlock)
        {
            for (int panel = block.FirstPanel; panel < block.PanelEnd; panel++)
            {
                TStaging.Stage(b, slice, panel * 2 * Group.DimX, k0, XMath.Min(g.DepthBlock, g.K - k0), g);
                Group.Barrier();
                int row = block.FirstRow;
                while (row < block.RowEnd)
                {
                    var tile = new GemmLanes.Tile(staged, panel, row, k0, GemmLanes.FewRows, 0);
                    int left = block.RowEnd - row;
                    int taken = left >= 6 ? 6 : left >= 2 ? 2 : 1;
                    if (taken == 6)
                        GemmLanes.Rows6<TRows, GemmLanes.WholeColumns>(a, slice, sums, tile, staged);
                    else if (taken == 2)
                        GemmLanes.Rows2<TRows, GemmLanes.WholeColumns>(a, slice, sums, tile, staged);
                    else
                        GemmLanes.Rows1<TRows, GemmLanes.WholeColumns>(a, slice, sums, tile, staged);
                    GemmLanes.Finish(c, sums, tile, taken, g, epilogue);
                    row += taken;
                }
                Group.Barrier();
            }
        }
    }

    /// <summary>Cuts a product whose groups are numbered through, along the rows of groups; gives their number.</summary>
    /// <param name="gemm">The products of a CPU.</param>
    /// <param name="g">The product; how it is cut is written there.</param>
    /// <param name="wantedGroups">Groups to cut into at least.</param>
    public static int Cut(GemmContext gemm, ref GemmArguments g, int wantedGroups)
    {
        int panels = GemmContext.Blocks(g.N, gemm.TileColumns), rowTiles = GemmContext.Blocks(g.M, gemm.TileRows);
        g.ATile = gemm.TileRows * g.ARow;
        int depth = SliceElements / gemm.TileColumns;
        int groupsY = gemm.Cut(ref g, panels, rowTiles, depth, wantedGroups);
        // Slices of whole blocks, as they are turned over in registers.
        g.DepthBlock = GemmContext.Blocks(GemmContext.Blocks(g.K, GemmContext.Blocks(g.K, depth)), GemmPacking.Square.Side) * GemmPacking.Square.Side;
        return g.GroupsX * groupsY;
    }

    private static GemmArguments Staged(GemmArguments g)
    {
        g.BDepth = 2 * Group.DimX;
        return g;
    }

    /// <summary>
    /// How a group lays out a slice of a panel: two vectors of columns per k; what lies beyond the last column is never stored in C.
    /// </summary>
    internal interface IStaging
    {
        static abstract void Stage(FloatView b, FloatView slice, int column0, int k0, int depth, GemmArguments g);
    }

    /// <summary>B is stored [k × n].</summary>
    internal readonly struct Copied : IStaging
    {
        public static void Stage(FloatView b, FloatView slice, int column0, int k0, int depth, GemmArguments g)
        {
            int column = column0 + Group.IdxX;
            int from = k0 * g.BDepth + column, to = Group.IdxX;
            for (int k = 0; k < depth; k++)
            {
                slice[to] = column < g.N ? b[from] : 0f;
                slice[to + Group.DimX] = column + Group.DimX < g.N ? b[from + Group.DimX] : 0f;
                from += g.BDepth;
                to += 2 * Group.DimX;
            }
        }
    }

    /// <summary>B is stored [n × k]; lanes collect single elements.</summary>
    internal readonly struct Collected : IStaging
    {
        public static void Stage(FloatView b, FloatView slice, int column0, int k0, int depth, GemmArguments g)
        {
            int column = column0 + Group.IdxX;
            int from0 = XMath.Min(column, g.N - 1) * g.BColumn + k0;
            int from1 = XMath.Min(column + Group.DimX, g.N - 1) * g.BColumn + k0;
            for (int k = 0; k < depth; k++)
            {
                int to = 2 * k * Group.DimX + Group.IdxX;
                slice[to] = b[from0 + k];
                slice[to + Group.DimX] = b[from1 + k];
            }
        }
    }

    /// <summary>B is stored [n × k] and a warp is 16 wide: blocks are turned over in registers.</summary>
    internal readonly struct Turned : IStaging
    {
        public static void Stage(FloatView b, FloatView slice, int column0, int k0, int depth, GemmArguments g)
        {
            const int side = GemmPacking.Square.Side;
            int turnedEnd = depth / side * side;
            for (int half = 0; half < 2; half++)
            {
                int column = column0 + half * side;
                int to = half * side + Group.IdxX;
                for (int k = 0; k < turnedEnd; k += side)
                {
                    var square = GemmPacking.Square.Load(b, column, g.N - 1, g.BColumn, k0 + k);
                    square.Transpose();
                    square.Store(slice, to + k * 2 * side, 2 * side);
                }
                int last = XMath.Min(column + Group.IdxX, g.N - 1) * g.BColumn + k0;
                for (int k = turnedEnd; k < depth; k++)
                    slice[to + k * 2 * side] = b[last + k];
            }
        }
    }
}
