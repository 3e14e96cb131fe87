// The matrix product of GemmLanes.cs with the slice of a panel of op(B) laid out in shared memory by the group itself: no launch of its own
// for packing, and no panel whose rows lie so far apart in memory that they push each other out of the first-level cache. On a CPU
// shared memory is a worker's own scratch, and a slice fits into that cache. It pays where a group has more than a few tiles of rows, and
// the units for vectors are so fast that what comes from the second-level cache is late (VectorUnits.cs).

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Planning;
using ILGPU;
using ILGPU.Algorithms;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

internal static class GemmStaged
{
    /// <summary>Elements of the shared memory for a slice of a panel: 32 KiB.</summary>
    public const int SliceElements = 1 << 13;

    /// <summary>The product of A as it lies.</summary>
    public static void Kernel<TTile, TStaging, TEpilogue>(FloatView a, FloatView b, FloatView c, GemmArguments g, TEpilogue epilogue)
        where TTile : struct, ITileRows
        where TStaging : struct, IStaging
        where TEpilogue : struct, IEpilogue
    {
        FloatView slice = SharedMemory.Allocate<float>(SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(TTile.Rows * 2 * GemmLanes.MaxWarp);
        var block = new GemmLanes.Block(g, Grid.IdxX, TTile.Rows);
        Multiply<TTile, GemmLanes.DistantRows, TStaging, EpilogueOutput<TEpilogue>>(a, b, c, slice, sums, g, block, new(epilogue));
    }

    /// <summary>
    /// The group's block of C, by the loops of GemmLanes.cs; <paramref name="slice"/>, in shared memory, is used where a panel is copied.
    /// </summary>
    public static void Multiply<TTile, TRows, TStaging, TOutput>(
        FloatView a, FloatView b, FloatView c, FloatView slice, FloatView sums, GemmArguments g, GemmLanes.Block block, TOutput output)
        where TTile : struct, ITileRows
        where TRows : struct, GemmLanes.IRows
        where TStaging : struct, IStaging
        where TOutput : struct, ITileOutput
    {
        GemmArguments staged = g;
        if (TStaging.IsCopy)
            staged.BDepth = 2 * Group.DimX;
        for (int k0 = 0; k0 < block.DepthEnd; k0 += g.DepthBlock)
        {
            for (int panel = block.FirstPanel; panel < block.PanelEnd; panel++)
            {
                if (TStaging.IsCopy)
                {
                    TStaging.Stage(b, slice, 0, panel * 2 * Group.DimX, k0, XMath.Min(g.DepthBlock, g.K - k0), g.N, TStaging.Pitch(g));
                    Group.Barrier();
                }
                bool whole = TStaging.IsCopy || block.IsWhole(g, panel);
                int row = block.FirstRow, panelSlice = TStaging.IsCopy ? 0 : panel * g.BPanel + k0 * g.BDepth;
                while (row < block.RowEnd)
                {
                    var tile = new GemmLanes.Tile(staged, panel, row, k0, TTile.Rows, panelSlice);
                    GemmLanes.Prefetch(c, tile, XMath.Min(TTile.Rows, block.RowEnd - row), g, output);
                    int left = block.RowEnd - row, taken;
                    if (TStaging.IsCopy)
                        taken = TTile.Multiply<TRows, GemmLanes.WholeColumns>(a, slice, sums, tile, staged, left);
                    else if (whole)
                        taken = TTile.Multiply<TRows, GemmLanes.WholeColumns>(a, b, sums, tile, staged, left);
                    else
                        taken = TTile.Multiply<TRows, GemmLanes.EdgeColumns>(a, b, sums, tile, staged, left);
                    GemmLanes.Finish(c, sums, tile, taken, g, output);
                    row += taken;
                }
                if (TStaging.IsCopy)
                    Group.Barrier();
            }
        }
    }

    /// <summary>
    /// How a group lays out a slice of a panel: two vectors of columns per k; what lies beyond the last column is never stored in C.
    /// </summary>
    internal interface IStaging
    {
        /// <summary>Whether it does, rather than leave the panel where it is.</summary>
        static abstract bool IsCopy { get; }

        /// <summary>Elements from one stored row of B to the next.</summary>
        static abstract int Pitch(GemmArguments g);

        static abstract void Stage(FloatView b, FloatView slice, int to, int column0, int k0, int depth, int columns, int pitch);
    }

    /// <summary>B is stored [k × n], or packed, and read as it lies.</summary>
    internal readonly struct InPlace : IStaging
    {
        public static bool IsCopy => false;

        public static int Pitch(GemmArguments g) => g.BDepth;

        public static void Stage(FloatView b, FloatView slice, int to, int column0, int k0, int depth, int columns, int pitch)
        {
        }
    }

    /// <summary>B is stored [k × n].</summary>
    internal readonly struct Copied : IStaging
    {
        public static bool IsCopy => true;

        public static int Pitch(GemmArguments g) => g.BDepth;

        public static void Stage(FloatView b, FloatView slice, int to, int column0, int k0, int depth, int columns, int pitch)
        {
            int column = column0 + Group.IdxX;
            int from = k0 * pitch + column;
            to += Group.IdxX;
            for (int k = 0; k < depth; k++)
            {
                slice[to] = column < columns ? b[from] : 0f;
                slice[to + Group.DimX] = column + Group.DimX < columns ? b[from + Group.DimX] : 0f;
                from += pitch;
                to += 2 * Group.DimX;
            }
        }
    }

    /// <summary>B is stored [n × k]; lanes collect single elements.</summary>
    internal readonly struct Collected : IStaging
    {
        public static bool IsCopy => true;

        public static int Pitch(GemmArguments g) => g.BColumn;

        public static void Stage(FloatView b, FloatView slice, int to, int column0, int k0, int depth, int columns, int pitch)
        {
            int column = column0 + Group.IdxX;
            int from0 = XMath.Min(column, columns - 1) * pitch + k0;
            int from1 = XMath.Min(column + Group.DimX, columns - 1) * pitch + k0;
            for (int k = 0; k < depth; k++)
            {
                int at = to + 2 * k * Group.DimX + Group.IdxX;
                slice[at] = b[from0 + k];
                slice[at + Group.DimX] = b[from1 + k];
            }
        }
    }

    /// <summary>B is stored [n × k]; blocks as wide as a warp are turned over in registers.</summary>
    internal readonly struct Turned<TSquare> : IStaging
        where TSquare : struct, ISquareBlock
    {
        public static bool IsCopy => true;

        public static int Pitch(GemmArguments g) => g.BColumn;

        public static void Stage(FloatView b, FloatView slice, int to, int column0, int k0, int depth, int columns, int pitch)
        {
            int side = TSquare.Side;
            int turnedEnd = depth / side * side;
            for (int half = 0; half < 2; half++)
            {
                int column = column0 + half * side;
                int at = to + half * side + Group.IdxX;
                for (int k = 0; k < turnedEnd; k += side)
                {
                    var square = default(TSquare);
                    square.Load(b, column, columns - 1, pitch, k0 + k);
                    square.Transpose();
                    square.Store(slice, at + k * 2 * side, 2 * side);
                }
                int last = XMath.Min(column + Group.IdxX, columns - 1) * pitch + k0;
                for (int k = turnedEnd; k < depth; k++)
                    slice[at + k * 2 * side] = b[last + k];
            }
        }
    }
}
