// Packed operands of the matrix product on CPUs (GemmLanes.cs): panels that the micro-kernel reads from front to back.
//
//   A [tile][k][row of the tile]         the rows of a tile are neighbours, a constant distance from one base
//   B [panel][k][column of the panel]    two vectors per k; missing columns are zero, so a packed panel has no edge
//
// A copy costs one pass over the operand. It pays where the product re-reads it often enough, and always for Bᵀ, whose columns
// would otherwise have to be collected one element per lane.

using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

internal sealed class GemmPacking : IDisposable
{
    /// <summary>k per group: enough work for a launch to spread over the cores.</summary>
    private const int Slice = 128;

    private readonly Accelerator accelerator;
    private readonly int tileRows;
    private readonly int groupSize;
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int, int, int> columns;
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int, int, int> transposedColumns;
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int, int, int, int> rows;
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int, int, int, int> transposedRows;
    private MemoryBuffer1D<float, Stride1D.Dense> packedA, packedB;

    public GemmPacking(Accelerator accelerator, int tileRows)
    {
        this.accelerator = accelerator;
        this.tileRows = tileRows;
        groupSize = accelerator.WarpSize;
        columns = accelerator.LoadKernel<FloatView, FloatView, int, int, int>(ColumnsKernel);
        transposedColumns = accelerator.LoadKernel<FloatView, FloatView, int, int, int>(TransposedColumnsKernel);
        rows = accelerator.LoadKernel<FloatView, FloatView, int, int, int, int>(RowsKernel);
        transposedRows = accelerator.LoadKernel<FloatView, FloatView, int, int, int, int>(TransposedRowsKernel);
        packedA = accelerator.Allocate1D<float>(1);
        packedB = accelerator.Allocate1D<float>(1);
    }

    /// <summary>op(B) [k × n] as panels; <paramref name="transposed"/> tells that B is stored [n × k].</summary>
    public FloatView PackB(AcceleratorStream stream, FloatView b, int ldb, bool transposed, int n, int k)
    {
        int panels = (n + 2 * groupSize - 1) / (2 * groupSize);
        Grow(ref packedB, 2L * groupSize * panels * k);
        var config = new KernelConfig(new Index2D(panels, (k + Slice - 1) / Slice), new Index2D(groupSize, 1));
        (transposed ? transposedColumns : columns)(stream, config, b, packedB.View, ldb, n, k);
        return packedB.View;
    }

    /// <summary>op(A) [m × k] as tiles of rows; <paramref name="transposed"/> tells that A is stored [k × m].</summary>
    public FloatView PackA(AcceleratorStream stream, FloatView a, int lda, bool transposed, int m, int k)
    {
        int tiles = (m + tileRows - 1) / tileRows;
        Grow(ref packedA, (long)tileRows * tiles * k);
        var config = new KernelConfig(new Index2D(tiles, (k + Slice - 1) / Slice), new Index2D(groupSize, 1));
        (transposed ? transposedRows : rows)(stream, config, a, packedA.View, lda, m, k, tileRows);
        return packedA.View;
    }

    public void Dispose()
    {
        packedA.Dispose();
        packedB.Dispose();
    }

    private void Grow(ref MemoryBuffer1D<float, Stride1D.Dense> buffer, long length)
    {
        if (length <= buffer.Length)
            return;
        // A product still running may read the old buffer.
        accelerator.Synchronize();
        buffer.Dispose();
        buffer = accelerator.Allocate1D<float>(length);
    }

    private static void ColumnsKernel(FloatView b, FloatView packed, int ldb, int n, int k)
    {
        int panelColumns = 2 * Group.DimX;
        int column = Grid.IdxX * panelColumns + Group.IdxX;
        int end = Math.Min((Grid.IdxY + 1) * Slice, k);
        bool inside0 = column < n;
        bool inside1 = column + Group.DimX < n;
        for (int depth = Grid.IdxY * Slice; depth < end; depth++)
        {
            int target = Grid.IdxX * panelColumns * k + depth * panelColumns + Group.IdxX;
            packed[target] = inside0 ? b[depth * ldb + column] : 0f;
            packed[target + Group.DimX] = inside1 ? b[depth * ldb + column + Group.DimX] : 0f;
        }
    }

    private static void TransposedColumnsKernel(FloatView b, FloatView packed, int ldb, int n, int k)
    {
        int panelColumns = 2 * Group.DimX;
        int column = Grid.IdxX * panelColumns + Group.IdxX;
        int end = Math.Min((Grid.IdxY + 1) * Slice, k);
        bool inside0 = column < n;
        bool inside1 = column + Group.DimX < n;
        for (int depth = Grid.IdxY * Slice; depth < end; depth++)
        {
            int target = Grid.IdxX * panelColumns * k + depth * panelColumns + Group.IdxX;
            packed[target] = inside0 ? b[column * ldb + depth] : 0f;
            packed[target + Group.DimX] = inside1 ? b[(column + Group.DimX) * ldb + depth] : 0f;
        }
    }

    private static void RowsKernel(FloatView a, FloatView packed, int lda, int m, int k, int tileRows)
    {
        int end = Math.Min((Grid.IdxY + 1) * Slice, k);
        int row0 = Grid.IdxX * tileRows;
        int rows = Math.Min(tileRows, m - row0);
        for (int row = 0; row < rows; row++)
        {
            for (int depth = Grid.IdxY * Slice + Group.IdxX; depth < end; depth += Group.DimX)
                packed[(Grid.IdxX * k + depth) * tileRows + row] = a[(row0 + row) * lda + depth];
        }
    }

    private static void TransposedRowsKernel(FloatView a, FloatView packed, int lda, int m, int k, int tileRows)
    {
        int end = Math.Min((Grid.IdxY + 1) * Slice, k);
        int row0 = Grid.IdxX * tileRows;
        int rows = Math.Min(tileRows, m - row0);
        for (int depth = Grid.IdxY * Slice; depth < end; depth++)
        {
            for (int row = Group.IdxX; row < rows; row += Group.DimX)
                packed[(Grid.IdxX * k + depth) * tileRows + row] = a[depth * lda + row0 + row];
        }
    }
}
