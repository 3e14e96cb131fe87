// Packed operands of the matrix product on CPUs (GemmLanes.cs): panels that the micro-kernel reads from front to back.
//
//   A [tile][k][row of the tile]         the rows of a tile are neighbours, a constant distance from one base; six are padded to eight,
//                                        whole vectors, because stores of less are slow where masks are vectors, too
//   B [panel][k][column of the panel]    two vectors per k; a packed panel has no edge, what lies beyond the last column is never stored
//
// A copy costs one pass over the operand. It pays where the product re-reads it often enough, and always for Bᵀ, whose columns would
// otherwise have to be collected one element per lane. Where the operand lies across, blocks as wide as a warp are turned over in registers
// by exchanging halves, quarters and so on between pairs of vectors, if a warp is 4, 8 or 16 wide; else lanes collect single elements.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

internal sealed class GemmPacking : IDisposable
{
    // k per group: enough work for a launch to spread over the cores.
    private const int Slice = 128;

    // Panels per group where they are neighbours in memory: a few cache lines at a time from each row of the operand.
    private const int Neighbours = 4;

    // The same for tiles: as many as have so many rows, three lines of the cache.
    private const int RowsAtOnce = 48;

    private readonly Accelerator accelerator;
    private readonly int tileRows;
    private readonly int packedRows;
    private readonly int groupSize;

    // Loaded when first used: most products of a small model are packed in none of these ways.
    private Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int, int, int>? columns, transposedColumns;
    private Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int, int, int, int, int>? rows, transposedRows;
    private MemoryBuffer1D<float, Stride1D.Dense> packedA, packedB;

    /// <param name="accelerator">Where operands are packed.</param>
    /// <param name="tileRows">Rows of A in a tile.</param>
    /// <param name="packedRows">The same with what they are padded with.</param>
    public GemmPacking(Accelerator accelerator, int tileRows, int packedRows)
    {
        this.accelerator = accelerator;
        (this.tileRows, this.packedRows) = (tileRows, packedRows);
        groupSize = accelerator.WarpSize;
        packedA = accelerator.Allocate1D<float>(1);
        packedB = accelerator.Allocate1D<float>(1);
    }

    /// <summary>B [k × n] as panels.</summary>
    public FloatView PackB(AcceleratorStream stream, MatrixView b)
    {
        int panels = Blocks.Of(b.Columns, 2 * groupSize);
        Grow(ref packedB, 2L * groupSize * panels * b.Rows);
        int groups = b.IsTransposed ? panels : Blocks.Of(panels, Neighbours);
        (b.IsTransposed ? transposedColumns ??= LoadTransposedColumns() : columns ??= LoadColumns())(
            stream, Config(groups, b.Rows), b.View, packedB.View, b.Pitch, b.Columns, b.Rows);
        return packedB.View;
    }

    /// <summary>A [m × k] as tiles of rows.</summary>
    public FloatView PackA(AcceleratorStream stream, MatrixView a)
    {
        int tiles = Blocks.Of(a.Rows, tileRows);
        Grow(ref packedA, (long)packedRows * tiles * a.Columns);
        int groups = a.IsTransposed ? Blocks.Of(a.Rows, RowsAtOnce / tileRows * tileRows) : tiles;
        (a.IsTransposed ? transposedRows ??= LoadTransposedRows() : rows ??= LoadRows())(
            stream, Config(groups, a.Columns), a.View, packedA.View, a.Pitch, a.Rows, a.Columns, tileRows, packedRows);
        return packedA.View;
    }

    public void Dispose()
    {
        packedA.Dispose();
        packedB.Dispose();
    }

    private Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int, int, int> LoadColumns() =>
        accelerator.LoadKernel<FloatView, FloatView, int, int, int>(ColumnsKernel);

    private Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int, int, int> LoadTransposedColumns() =>
        accelerator.LoadKernel<FloatView, FloatView, int, int, int>(groupSize switch
        {
            4 => TransposedColumnsKernel<GemmStaged.Turned<Square4>>,
            8 => TransposedColumnsKernel<GemmStaged.Turned<Square8>>,
            16 => TransposedColumnsKernel<GemmStaged.Turned<Square16>>,
            _ => TransposedColumnsKernel<GemmStaged.Collected>,
        });

    private Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int, int, int, int, int> LoadRows() =>
        accelerator.LoadKernel<FloatView, FloatView, int, int, int, int, int>(groupSize switch
        {
            4 => TurnedRowsKernel<Square4>,
            8 => TurnedRowsKernel<Square8>,
            16 => TurnedRowsKernel<Square16>,
            _ => CollectedRowsKernel,
        });

    private Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int, int, int, int, int> LoadTransposedRows() =>
        accelerator.LoadKernel<FloatView, FloatView, int, int, int, int, int>(TransposedRowsKernel);

    private KernelConfig Config(int groups, int k) => new(new Index2D(groups, Blocks.Of(k, Slice)), new Index2D(groupSize, 1));

    private void Grow(ref MemoryBuffer1D<float, Stride1D.Dense> buffer, long length)
    {
        if (length <= buffer.Length)
            return;
        // Several threads come here when kernels are compiled ahead.
        lock (accelerator)
        {
            if (length <= buffer.Length)
                return;
            // Before the old one goes: where there is no memory for it, smaller products go on.
            MemoryBuffer1D<float, Stride1D.Dense> old = buffer;
            buffer = accelerator.Allocate1D<float>(length);
            // A product still running may read the old buffer.
            accelerator.Synchronize();
            old.Dispose();
        }
    }

    private static void ColumnsKernel(FloatView b, FloatView packed, int ldb, int n, int k)
    {
        int panelColumns = 2 * Group.DimX;
        int panelEnd = XMath.Min((Grid.IdxX + 1) * Neighbours, Blocks.Of(n, panelColumns));
        int end = XMath.Min((Grid.IdxY + 1) * Slice, k);
        for (int depth = Grid.IdxY * Slice; depth < end; depth++)
        {
            for (int panel = Grid.IdxX * Neighbours; panel < panelEnd; panel++)
            {
                int column = panel * panelColumns + Group.IdxX;
                int target = (panel * k + depth) * panelColumns + Group.IdxX;
                packed[target] = column < n ? b[depth * ldb + column] : 0f;
                packed[target + Group.DimX] = column + Group.DimX < n ? b[depth * ldb + column + Group.DimX] : 0f;
            }
        }
    }

    private static void TransposedColumnsKernel<TStaging>(FloatView b, FloatView packed, int ldb, int n, int k)
        where TStaging : struct, GemmStaged.IStaging
    {
        int panelColumns = 2 * Group.DimX, k0 = Grid.IdxY * Slice;
        int depth = XMath.Min(k0 + Slice, k) - k0;
        TStaging.Stage(b, packed, (Grid.IdxX * k + k0) * panelColumns, Grid.IdxX * panelColumns, k0, depth, n, ldb);
    }

    private static void TurnedRowsKernel<TSquare>(FloatView a, FloatView packed, int lda, int m, int k, int tileRows, int packedRows)
        where TSquare : struct, ISquareBlock
    {
        int end = XMath.Min((Grid.IdxY + 1) * Slice, k);
        int turnedEnd = end / TSquare.Side * TSquare.Side;
        for (int first = 0; first < packedRows; first += TSquare.Side)
        {
            int row = Grid.IdxX * tileRows + first;
            int target = Grid.IdxX * packedRows * k + first + Group.IdxX;
            for (int depth = Grid.IdxY * Slice; depth < turnedEnd; depth += TSquare.Side)
            {
                var square = default(TSquare);
                square.Load(a, row, m - 1, lda, depth);
                square.Transpose();
                if (first + TSquare.Side <= packedRows)
                    square.Store(packed, target + depth * packedRows, packedRows);
                else if (first + Group.IdxX < packedRows)
                    square.Store(packed, target + depth * packedRows, packedRows);
            }
            if (first + Group.IdxX < packedRows)
            {
                int last = XMath.Min(row + Group.IdxX, m - 1) * lda;
                for (int depth = turnedEnd; depth < end; depth++)
                    packed[target + depth * packedRows] = a[last + depth];
            }
        }
    }

    private static void CollectedRowsKernel(FloatView a, FloatView packed, int lda, int m, int k, int tileRows, int packedRows)
    {
        int end = XMath.Min((Grid.IdxY + 1) * Slice, k);
        int tile = Grid.IdxX;
        for (int first = 0; first < tileRows; first += Group.DimX)
        {
            int row = first + Group.IdxX;
            if (row < tileRows)
            {
                int source = XMath.Min(tile * tileRows + row, m - 1) * lda;
                for (int depth = Grid.IdxY * Slice; depth < end; depth++)
                    packed[(tile * k + depth) * packedRows + row] = a[source + depth];
            }
        }
    }

    private static void TransposedRowsKernel(FloatView a, FloatView packed, int lda, int m, int k, int tileRows, int packedRows)
    {
        int end = XMath.Min((Grid.IdxY + 1) * Slice, k), tiles = RowsAtOnce / tileRows;
        int tileEnd = XMath.Min((Grid.IdxX + 1) * tiles, Blocks.Of(m, tileRows));
        for (int depth = Grid.IdxY * Slice; depth < end; depth++)
        {
            for (int tile = Grid.IdxX * tiles; tile < tileEnd; tile++)
            {
                for (int first = 0; first < tileRows; first += Group.DimX)
                {
                    int row = first + Group.IdxX;
                    int from = depth * lda + tile * tileRows + row, to = (tile * k + depth) * packedRows + row;
                    if (first + Group.DimX <= packedRows && tile * tileRows + first + Group.DimX <= m)
                        packed[to] = a[from];
                    else if (row < tileRows && tile * tileRows + row < m)
                        packed[to] = a[from];
                }
            }
        }
    }
}
