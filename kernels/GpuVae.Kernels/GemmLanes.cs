// The matrix product of Gemm.cs for CPUs: one warp per group, lanes own columns, rows are named locals.
//
// A group computes up to 12 (or 6) rows × 2 vectors of C. Rows left over at the bottom take a smaller micro-kernel (8, 4, 1), so a batch of
// 128 = 10·12 + 8 wastes nothing. The sums pass through a strip of shared memory, which lies in the L1 cache, so that the epilogue is compiled
// once per kernel and not once per row; each lane reads back what it wrote itself, which needs no barrier.

using ILGPU;
using ILGPU.Algorithms;

namespace GpuVae.Kernels;

internal static class GemmLanes
{
    public const int MaxRows = 12;
    private const int MaxWarp = 64;

    public static void Kernel12<TEpilogue>(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, ArrayView<float> rowSums, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(MaxRows * 2 * MaxWarp);
        int row0 = Grid.IdxY * MaxRows;
        int rows = XMath.Min(MaxRows, g.M - row0);
        if (IsWhole(g))
        {
            if (rows > 8)
                Rows12<WholeColumns>(a, b, sums, row0, rows, g);
            else
                UpTo8<WholeColumns>(a, b, sums, row0, rows, g);
        }
        else if (rows > 8)
            Rows12<EdgeColumns>(a, b, sums, row0, rows, g);
        else
            UpTo8<EdgeColumns>(a, b, sums, row0, rows, g);
        Finish(a, c, rowSums, sums, row0, rows, g, epilogue);
    }

    public static void Kernel6<TEpilogue>(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, ArrayView<float> rowSums, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(MaxRows / 2 * 2 * MaxWarp);
        int row0 = Grid.IdxY * (MaxRows / 2);
        int rows = XMath.Min(MaxRows / 2, g.M - row0);
        if (IsWhole(g))
            UpTo6<WholeColumns>(a, b, sums, row0, rows, g);
        else
            UpTo6<EdgeColumns>(a, b, sums, row0, rows, g);
        Finish(a, c, rowSums, sums, row0, rows, g, epilogue);
    }

    /// <summary>Packs Bᵀ into panels [panel][k][column] of two vectors; a group makes one panel.</summary>
    public static void PackTransposedKernel(ArrayView<float> b, ArrayView<float> packed, int ldb, int n, int k)
    {
        int columns = 2 * Group.DimX;
        int column = Grid.IdxX * columns + Group.IdxX;
        int target = Grid.IdxX * columns * k + Group.IdxX;
        int source0 = column * ldb;
        int source1 = (column + Group.DimX) * ldb;
        bool inside0 = column < n;
        bool inside1 = column + Group.DimX < n;
        for (int depth = 0; depth < k; depth++)
        {
            packed[target] = inside0 ? b[source0 + depth] : 0f;
            packed[target + Group.DimX] = inside1 ? b[source1 + depth] : 0f;
            target += columns;
        }
    }

    private static bool IsWhole(GemmArguments g) => g.BPacked != 0 || (Grid.IdxX + 1) * 2 * Group.DimX <= g.N;

    private static void UpTo8<TColumns>(ArrayView<float> a, ArrayView<float> b, ArrayView<float> sums, int row0, int rows, GemmArguments g)
        where TColumns : struct, IColumns
    {
        if (rows > 4)
            Rows8<TColumns>(a, b, sums, row0, rows, g);
        else if (rows > 1)
            Rows4<TColumns>(a, b, sums, row0, rows, g);
        else
            Rows1<TColumns>(a, b, sums, row0, g);
    }

    private static void UpTo6<TColumns>(ArrayView<float> a, ArrayView<float> b, ArrayView<float> sums, int row0, int rows, GemmArguments g)
        where TColumns : struct, IColumns
    {
        if (rows > 4)
            Rows6<TColumns>(a, b, sums, row0, rows, g);
        else if (rows > 1)
            Rows4<TColumns>(a, b, sums, row0, rows, g);
        else
            Rows1<TColumns>(a, b, sums, row0, g);
    }

    private static void Rows12<TColumns>(ArrayView<float> a, ArrayView<float> b, ArrayView<float> sums, int row0, int rows, GemmArguments g)
        where TColumns : struct, IColumns
    {
        // Rows beyond the last repeat it: their sums are not used.
        int atA = row0 * g.ARow;
        int o1 = g.ARow, o2 = 2 * g.ARow, o3 = 3 * g.ARow, o4 = 4 * g.ARow, o5 = 5 * g.ARow, o6 = 6 * g.ARow, o7 = 7 * g.ARow, o8 = 8 * g.ARow;
        int o9 = XMath.Min(9, rows - 1) * g.ARow, o10 = XMath.Min(10, rows - 1) * g.ARow, o11 = XMath.Min(11, rows - 1) * g.ARow;
        int atB = Grid.IdxX * g.BPanel + Group.IdxX;
        int column = Grid.IdxX * 2 * Group.DimX + Group.IdxX;
        Row2 r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default;
        Row2 r6 = default, r7 = default, r8 = default, r9 = default, r10 = default, r11 = default;
        for (int k = 0; k < g.K; k++)
        {
            float b0 = TColumns.First(b, atB, column, g.N);
            float b1 = TColumns.Second(b, atB, column, g.N);
            r0.Add(a[atA], b0, b1);
            r1.Add(a[atA + o1], b0, b1);
            r2.Add(a[atA + o2], b0, b1);
            r3.Add(a[atA + o3], b0, b1);
            r4.Add(a[atA + o4], b0, b1);
            r5.Add(a[atA + o5], b0, b1);
            r6.Add(a[atA + o6], b0, b1);
            r7.Add(a[atA + o7], b0, b1);
            r8.Add(a[atA + o8], b0, b1);
            r9.Add(a[atA + o9], b0, b1);
            r10.Add(a[atA + o10], b0, b1);
            r11.Add(a[atA + o11], b0, b1);
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

    private static void Rows8<TColumns>(ArrayView<float> a, ArrayView<float> b, ArrayView<float> sums, int row0, int rows, GemmArguments g)
        where TColumns : struct, IColumns
    {
        int atA = row0 * g.ARow;
        int o1 = g.ARow, o2 = 2 * g.ARow, o3 = 3 * g.ARow, o4 = 4 * g.ARow;
        int o5 = XMath.Min(5, rows - 1) * g.ARow, o6 = XMath.Min(6, rows - 1) * g.ARow, o7 = XMath.Min(7, rows - 1) * g.ARow;
        int atB = Grid.IdxX * g.BPanel + Group.IdxX;
        int column = Grid.IdxX * 2 * Group.DimX + Group.IdxX;
        Row2 r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        for (int k = 0; k < g.K; k++)
        {
            float b0 = TColumns.First(b, atB, column, g.N);
            float b1 = TColumns.Second(b, atB, column, g.N);
            r0.Add(a[atA], b0, b1);
            r1.Add(a[atA + o1], b0, b1);
            r2.Add(a[atA + o2], b0, b1);
            r3.Add(a[atA + o3], b0, b1);
            r4.Add(a[atA + o4], b0, b1);
            r5.Add(a[atA + o5], b0, b1);
            r6.Add(a[atA + o6], b0, b1);
            r7.Add(a[atA + o7], b0, b1);
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

    private static void Rows6<TColumns>(ArrayView<float> a, ArrayView<float> b, ArrayView<float> sums, int row0, int rows, GemmArguments g)
        where TColumns : struct, IColumns
    {
        int atA = row0 * g.ARow;
        int o1 = g.ARow, o2 = 2 * g.ARow, o3 = 3 * g.ARow, o4 = 4 * g.ARow, o5 = XMath.Min(5, rows - 1) * g.ARow;
        int atB = Grid.IdxX * g.BPanel + Group.IdxX;
        int column = Grid.IdxX * 2 * Group.DimX + Group.IdxX;
        Row2 r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default;
        for (int k = 0; k < g.K; k++)
        {
            float b0 = TColumns.First(b, atB, column, g.N);
            float b1 = TColumns.Second(b, atB, column, g.N);
            r0.Add(a[atA], b0, b1);
            r1.Add(a[atA + o1], b0, b1);
            r2.Add(a[atA + o2], b0, b1);
            r3.Add(a[atA + o3], b0, b1);
            r4.Add(a[atA + o4], b0, b1);
            r5.Add(a[atA + o5], b0, b1);
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

    private static void Rows4<TColumns>(ArrayView<float> a, ArrayView<float> b, ArrayView<float> sums, int row0, int rows, GemmArguments g)
        where TColumns : struct, IColumns
    {
        int atA = row0 * g.ARow;
        int o1 = g.ARow, o2 = XMath.Min(2, rows - 1) * g.ARow, o3 = XMath.Min(3, rows - 1) * g.ARow;
        int atB = Grid.IdxX * g.BPanel + Group.IdxX;
        int column = Grid.IdxX * 2 * Group.DimX + Group.IdxX;
        Row2 r0 = default, r1 = default, r2 = default, r3 = default;
        for (int k = 0; k < g.K; k++)
        {
            float b0 = TColumns.First(b, atB, column, g.N);
            float b1 = TColumns.Second(b, atB, column, g.N);
            r0.Add(a[atA], b0, b1);
            r1.Add(a[atA + o1], b0, b1);
            r2.Add(a[atA + o2], b0, b1);
            r3.Add(a[atA + o3], b0, b1);
            atA += g.ADepth;
            atB += g.BDepth;
        }
        r0.Keep(sums, 0);
        r1.Keep(sums, 1);
        r2.Keep(sums, 2);
        r3.Keep(sums, 3);
    }

    private static void Rows1<TColumns>(ArrayView<float> a, ArrayView<float> b, ArrayView<float> sums, int row0, GemmArguments g)
        where TColumns : struct, IColumns
    {
        int atA = row0 * g.ARow;
        int atB = Grid.IdxX * g.BPanel + Group.IdxX;
        int column = Grid.IdxX * 2 * Group.DimX + Group.IdxX;
        Row2 r0 = default;
        for (int k = 0; k < g.K; k++)
        {
            r0.Add(a[atA], TColumns.First(b, atB, column, g.N), TColumns.Second(b, atB, column, g.N));
            atA += g.ADepth;
            atB += g.BDepth;
        }
        r0.Keep(sums, 0);
    }

    private static void Finish<TEpilogue>(
        ArrayView<float> a, ArrayView<float> c, ArrayView<float> rowSums, ArrayView<float> sums, int row0, int rows, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        int column = Grid.IdxX * 2 * Group.DimX + Group.IdxX;
        for (int row = 0; row < rows; row++)
        {
            int at = 2 * row * Group.DimX + Group.IdxX;
            if (column < g.N)
                Store(sums[at], c, row0 + row, column, g, epilogue);
            if (column + Group.DimX < g.N)
                Store(sums[at + Group.DimX], c, row0 + row, column + Group.DimX, g, epilogue);
        }
        if (g.WithRowSums != 0 && Grid.IdxX == 0)
        {
            // Here lanes own rows: in a weight gradient op(A) is a transpose and its columns are contiguous.
            for (int row = Group.IdxX; row < rows; row += Group.DimX)
            {
                int at = (row0 + row) * g.ARow;
                float sum = 0f;
                for (int k = 0; k < g.K; k++)
                    sum += a[at + k * g.ADepth];
                float total = g.Alpha * sum;
                if (g.Beta != 0f)
                    total += g.Beta * rowSums[row0 + row];
                rowSums[row0 + row] = total;
            }
        }
    }

    private static void Store<TEpilogue>(float sum, ArrayView<float> c, int row, int column, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        int at = row * g.Ldc + column;
        float value = g.Alpha * sum;
        if (g.Beta != 0f)
            value += g.Beta * c[at];
        c[at] = epilogue.Apply(value, row, column);
    }

    /// <summary>How a lane loads its two elements of a row of op(B).</summary>
    private interface IColumns
    {
        static abstract float First(ArrayView<float> b, int at, int column, int columns);

        static abstract float Second(ArrayView<float> b, int at, int column, int columns);
    }

    /// <summary>All columns of the tile exist.</summary>
    private readonly struct WholeColumns : IColumns
    {
        public static float First(ArrayView<float> b, int at, int column, int columns) => b[at];

        public static float Second(ArrayView<float> b, int at, int column, int columns) => b[at + Group.DimX];
    }

    /// <summary>The tile reaches over the right edge.</summary>
    private readonly struct EdgeColumns : IColumns
    {
        public static float First(ArrayView<float> b, int at, int column, int columns) => column < columns ? b[at] : 0f;

        public static float Second(ArrayView<float> b, int at, int column, int columns) =>
            column + Group.DimX < columns ? b[at + Group.DimX] : 0f;
    }

    /// <summary>One row's sums in a lane: its two columns.</summary>
    private struct Row2
    {
        public float X0, X1;

        public void Add(float a, float b0, float b1)
        {
            X0 += a * b0;
            X1 += a * b1;
        }

        public readonly void Keep(ArrayView<float> sums, int row)
        {
            int at = 2 * row * Group.DimX + Group.IdxX;
            sums[at] = X0;
            sums[at + Group.DimX] = X1;
        }
    }
}
