// Packed operands of the matrix product on CPUs (GemmLanes.cs): panels that the micro-kernel reads from front to back.
//
//   A [tile][k][row of the tile]         the rows of a tile are neighbours, a constant distance from one base
//   B [panel][k][column of the panel]    two vectors per k; a packed panel has no edge, what lies beyond the last column is never stored
//
// A copy costs one pass over the operand. It pays where the product re-reads it often enough, and always for Bᵀ, whose columns would
// otherwise have to be collected one element per lane. Where the operand lies across, blocks of 16 × 16 are turned over in registers by
// exchanging halves, quarters, eighths and sixteenths between pairs of vectors, if a warp is 16 wide; else lanes collect single elements.

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

internal sealed class GemmPacking : IDisposable
{
    // k per group: enough work for a launch to spread over the cores.
    private const int Slice = 128;

    // Tiles or panels per group where they are neighbours in memory: a few cache lines at a time from each row of the operand.
    private const int Neighbours = 4;

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
        bool turnsBlocks = groupSize == Square.Side;
        columns = accelerator.LoadKernel<FloatView, FloatView, int, int, int>(ColumnsKernel);
        transposedColumns = accelerator.LoadKernel<FloatView, FloatView, int, int, int>(
            turnsBlocks ? TurnedColumnsKernel : CollectedColumnsKernel);
        rows = accelerator.LoadKernel<FloatView, FloatView, int, int, int, int>(turnsBlocks ? TurnedRowsKernel : CollectedRowsKernel);
        transposedRows = accelerator.LoadKernel<FloatView, FloatView, int, int, int, int>(TransposedRowsKernel);
        packedA = accelerator.Allocate1D<float>(1);
        packedB = accelerator.Allocate1D<float>(1);
    }

    /// <summary>op(B) [k × n] as panels; <paramref name="transposed"/> tells that B is stored [n × k].</summary>
    public FloatView PackB(AcceleratorStream stream, FloatView b, int ldb, bool transposed, int n, int k)
    {
        int panels = (n + 2 * groupSize - 1) / (2 * groupSize);
        Grow(ref packedB, 2L * groupSize * panels * k);
        int groups = transposed ? panels : (panels + Neighbours - 1) / Neighbours;
        var config = new KernelConfig(new Index2D(groups, (k + Slice - 1) / Slice), new Index2D(groupSize, 1));
        (transposed ? transposedColumns : columns)(stream, config, b, packedB.View, ldb, n, k);
        return packedB.View;
    }

    /// <summary>op(A) [m × k] as tiles of rows; <paramref name="transposed"/> tells that A is stored [k × m].</summary>
    public FloatView PackA(AcceleratorStream stream, FloatView a, int lda, bool transposed, int m, int k)
    {
        int tiles = (m + tileRows - 1) / tileRows;
        Grow(ref packedA, (long)tileRows * tiles * k);
        int groups = transposed ? (tiles + Neighbours - 1) / Neighbours : tiles;
        var config = new KernelConfig(new Index2D(groups, (k + Slice - 1) / Slice), new Index2D(groupSize, 1));
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
        int panelEnd = XMath.Min((Grid.IdxX + 1) * Neighbours, (n + panelColumns - 1) / panelColumns);
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

    private static void TurnedColumnsKernel(FloatView b, FloatView packed, int ldb, int n, int k)
    {
        int end = XMath.Min((Grid.IdxY + 1) * Slice, k);
        int turnedEnd = end / Square.Side * Square.Side;
        int panel = Grid.IdxX * 2 * Square.Side * k;
        for (int half = 0; half < 2; half++)
        {
            int column = (2 * Grid.IdxX + half) * Square.Side;
            int target = panel + half * Square.Side + Group.IdxX;
            for (int depth = Grid.IdxY * Slice; depth < turnedEnd; depth += Square.Side)
            {
                var square = Square.Load(b, column, n - 1, ldb, depth);
                square.Transpose();
                square.Store(packed, target + depth * 2 * Square.Side, 2 * Square.Side);
            }
            int last = XMath.Min(column + Group.IdxX, n - 1) * ldb;
            for (int depth = turnedEnd; depth < end; depth++)
                packed[target + depth * 2 * Square.Side] = b[last + depth];
        }
    }

    private static void CollectedColumnsKernel(FloatView b, FloatView packed, int ldb, int n, int k)
    {
        int panelColumns = 2 * Group.DimX;
        int column = Grid.IdxX * panelColumns + Group.IdxX;
        int source0 = XMath.Min(column, n - 1) * ldb;
        int source1 = XMath.Min(column + Group.DimX, n - 1) * ldb;
        int end = XMath.Min((Grid.IdxY + 1) * Slice, k);
        for (int depth = Grid.IdxY * Slice; depth < end; depth++)
        {
            int target = (Grid.IdxX * k + depth) * panelColumns + Group.IdxX;
            packed[target] = b[source0 + depth];
            packed[target + Group.DimX] = b[source1 + depth];
        }
    }

    private static void TurnedRowsKernel(FloatView a, FloatView packed, int lda, int m, int k, int tileRows)
    {
        int end = XMath.Min((Grid.IdxY + 1) * Slice, k);
        int turnedEnd = end / Square.Side * Square.Side;
        int row = Grid.IdxX * tileRows;
        int target = row * k + Group.IdxX;
        for (int depth = Grid.IdxY * Slice; depth < turnedEnd; depth += Square.Side)
        {
            var square = Square.Load(a, row, m - 1, lda, depth);
            square.Transpose();
            if (Group.IdxX < tileRows)
                square.Store(packed, target + depth * tileRows, tileRows);
        }
        if (Group.IdxX < tileRows)
        {
            int last = XMath.Min(row + Group.IdxX, m - 1) * lda;
            for (int depth = turnedEnd; depth < end; depth++)
                packed[target + depth * tileRows] = a[last + depth];
        }
    }

    private static void CollectedRowsKernel(FloatView a, FloatView packed, int lda, int m, int k, int tileRows)
    {
        int end = XMath.Min((Grid.IdxY + 1) * Slice, k);
        int tile = Grid.IdxX * tileRows;
        for (int first = 0; first < tileRows; first += Group.DimX)
        {
            int row = first + Group.IdxX;
            if (row < tileRows)
            {
                int source = XMath.Min(tile + row, m - 1) * lda;
                for (int depth = Grid.IdxY * Slice; depth < end; depth++)
                    packed[tile * k + depth * tileRows + row] = a[source + depth];
            }
        }
    }

    private static void TransposedRowsKernel(FloatView a, FloatView packed, int lda, int m, int k, int tileRows)
    {
        int end = XMath.Min((Grid.IdxY + 1) * Slice, k);
        int tileEnd = XMath.Min((Grid.IdxX + 1) * Neighbours, (m + tileRows - 1) / tileRows);
        for (int depth = Grid.IdxY * Slice; depth < end; depth++)
        {
            for (int tile = Grid.IdxX * Neighbours; tile < tileEnd; tile++)
            {
                for (int first = 0; first < tileRows; first += Group.DimX)
                {
                    int row = first + Group.IdxX;
                    if (row < tileRows && tile * tileRows + row < m)
                        packed[(tile * k + depth) * tileRows + row] = a[depth * lda + tile * tileRows + row];
                }
            }
        }
    }

    /// <summary>A block of 16 × 16 elements, a vector per row.</summary>
    internal struct Square
    {
        public const int Side = 16;

        public float R0, R1, R2, R3, R4, R5, R6, R7;
        public float R8, R9, R10, R11, R12, R13, R14, R15;

        /// <summary>The block of a matrix that starts at (row, column); its last row stands in for those beyond.</summary>
        public static Square Load(FloatView from, int row, int lastRow, int pitch, int firstColumn)
        {
            int column = firstColumn + Group.IdxX;
            Square square = default;
            square.R0 = from[XMath.Min(row + 0, lastRow) * pitch + column];
            square.R1 = from[XMath.Min(row + 1, lastRow) * pitch + column];
            square.R2 = from[XMath.Min(row + 2, lastRow) * pitch + column];
            square.R3 = from[XMath.Min(row + 3, lastRow) * pitch + column];
            square.R4 = from[XMath.Min(row + 4, lastRow) * pitch + column];
            square.R5 = from[XMath.Min(row + 5, lastRow) * pitch + column];
            square.R6 = from[XMath.Min(row + 6, lastRow) * pitch + column];
            square.R7 = from[XMath.Min(row + 7, lastRow) * pitch + column];
            square.R8 = from[XMath.Min(row + 8, lastRow) * pitch + column];
            square.R9 = from[XMath.Min(row + 9, lastRow) * pitch + column];
            square.R10 = from[XMath.Min(row + 10, lastRow) * pitch + column];
            square.R11 = from[XMath.Min(row + 11, lastRow) * pitch + column];
            square.R12 = from[XMath.Min(row + 12, lastRow) * pitch + column];
            square.R13 = from[XMath.Min(row + 13, lastRow) * pitch + column];
            square.R14 = from[XMath.Min(row + 14, lastRow) * pitch + column];
            square.R15 = from[XMath.Min(row + 15, lastRow) * pitch + column];
            return square;
        }

        /// <summary>Stores this lane's column: the first row's element at <paramref name="at"/>.</summary>
        public readonly void Store(FloatView to, int at, int pitch)
        {
            to[at] = R0;
            to[at + pitch] = R1;
            to[at + 2 * pitch] = R2;
            to[at + 3 * pitch] = R3;
            to[at + 4 * pitch] = R4;
            to[at + 5 * pitch] = R5;
            to[at + 6 * pitch] = R6;
            to[at + 7 * pitch] = R7;
            to[at + 8 * pitch] = R8;
            to[at + 9 * pitch] = R9;
            to[at + 10 * pitch] = R10;
            to[at + 11 * pitch] = R11;
            to[at + 12 * pitch] = R12;
            to[at + 13 * pitch] = R13;
            to[at + 14 * pitch] = R14;
            to[at + 15 * pitch] = R15;
        }

        public void Transpose()
        {
            Exchange(ref R0, ref R8, 8);
            Exchange(ref R1, ref R9, 8);
            Exchange(ref R2, ref R10, 8);
            Exchange(ref R3, ref R11, 8);
            Exchange(ref R4, ref R12, 8);
            Exchange(ref R5, ref R13, 8);
            Exchange(ref R6, ref R14, 8);
            Exchange(ref R7, ref R15, 8);
            Exchange(ref R0, ref R4, 4);
            Exchange(ref R1, ref R5, 4);
            Exchange(ref R2, ref R6, 4);
            Exchange(ref R3, ref R7, 4);
            Exchange(ref R8, ref R12, 4);
            Exchange(ref R9, ref R13, 4);
            Exchange(ref R10, ref R14, 4);
            Exchange(ref R11, ref R15, 4);
            Exchange(ref R0, ref R2, 2);
            Exchange(ref R1, ref R3, 2);
            Exchange(ref R4, ref R6, 2);
            Exchange(ref R5, ref R7, 2);
            Exchange(ref R8, ref R10, 2);
            Exchange(ref R9, ref R11, 2);
            Exchange(ref R12, ref R14, 2);
            Exchange(ref R13, ref R15, 2);
            Exchange(ref R0, ref R1, 1);
            Exchange(ref R2, ref R3, 1);
            Exchange(ref R4, ref R5, 1);
            Exchange(ref R6, ref R7, 1);
            Exchange(ref R8, ref R9, 1);
            Exchange(ref R10, ref R11, 1);
            Exchange(ref R12, ref R13, 1);
            Exchange(ref R14, ref R15, 1);
        }

        /// <summary>Swaps the lanes of one vector whose number has the bit with the other's lanes that lack it.</summary>
        private static void Exchange(ref float lower, ref float upper, int bit)
        {
            bool hasBit = (Group.IdxX & bit) != 0;
            float received = Warp.ShuffleXor(hasBit ? lower : upper, bit);
            float newLower = hasBit ? received : lower;
            upper = hasBit ? upper : received;
            lower = newLower;
        }
    }
}
