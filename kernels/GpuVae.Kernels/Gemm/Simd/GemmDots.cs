// The product A·Bᵀ of Gemm.cs for CPUs and few rows: a group is one warp, lanes share a dot product along k.
//
// Both operands are read as they lie, a vector of consecutive k at a time, so nothing is packed and a single row costs no padding: this is
// the way of small batches, where every weight is used a few times only. A group takes some tiles of four columns (rows of B), which stay in
// the first-level cache while all rows of A pass by, up to four at a time: 16 sums in named locals. A butterfly over the lanes adds them up.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

internal static class GemmDots
{
    /// <summary>Columns and most rows of a tile.</summary>
    public const int Tile = 4;

    public static void Kernel<TEpilogue>(FloatView a, FloatView b, FloatView c, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        FloatView sums = SharedMemory.Allocate<float>(Tile * Tile);
        int columnEnd = XMath.Min((Grid.IdxX + 1) * g.PanelsPerGroup * Tile, g.N);
        for (int column = Grid.IdxX * g.PanelsPerGroup * Tile; column < columnEnd; column += Tile)
        {
            for (int row = 0; row < g.M; row += Tile)
            {
                int left = g.M - row;
                if (left >= 3)
                    Rows4(a, b, sums, row, column, g);
                else if (left == 2)
                    Rows2(a, b, sums, row, column, g);
                else
                    Rows1(a, b, sums, row, column, g);
                Group.Barrier();
                Finish(c, sums, row, column, g, epilogue);
                Group.Barrier();
            }
        }
    }

    private static void Rows4(FloatView a, FloatView b, FloatView sums, int row, int column, GemmArguments g)
    {
        // A row or column past the end repeats the last one; its sums are not used.
        int a0 = row * g.ARow + Group.IdxX, a1 = a0 + g.ARow, a2 = a1 + g.ARow, a3 = XMath.Min(row + 3, g.M - 1) * g.ARow + Group.IdxX;
        int b0 = column * g.BColumn + Group.IdxX;
        int b1 = XMath.Min(column + 1, g.N - 1) * g.BColumn + Group.IdxX;
        int b2 = XMath.Min(column + 2, g.N - 1) * g.BColumn + Group.IdxX;
        int b3 = XMath.Min(column + 3, g.N - 1) * g.BColumn + Group.IdxX;
        Sums4 r0 = default, r1 = default, r2 = default, r3 = default;
        int whole = g.K / Group.DimX * Group.DimX;
        for (int k = 0; k < whole; k += Group.DimX)
        {
            float x0 = b[b0 + k], x1 = b[b1 + k], x2 = b[b2 + k], x3 = b[b3 + k];
            r0.Add(a[a0 + k], x0, x1, x2, x3);
            r1.Add(a[a1 + k], x0, x1, x2, x3);
            r2.Add(a[a2 + k], x0, x1, x2, x3);
            r3.Add(a[a3 + k], x0, x1, x2, x3);
        }
        if (whole + Group.IdxX < g.K)
        {
            int k = whole;
            float x0 = b[b0 + k], x1 = b[b1 + k], x2 = b[b2 + k], x3 = b[b3 + k];
            r0.Add(a[a0 + k], x0, x1, x2, x3);
            r1.Add(a[a1 + k], x0, x1, x2, x3);
            r2.Add(a[a2 + k], x0, x1, x2, x3);
            r3.Add(a[a3 + k], x0, x1, x2, x3);
        }
        Reduce(r0, sums, 0);
        Reduce(r1, sums, Tile);
        Reduce(r2, sums, 2 * Tile);
        Reduce(r3, sums, 3 * Tile);
    }

    private static void Rows2(FloatView a, FloatView b, FloatView sums, int row, int column, GemmArguments g)
    {
        int a0 = row * g.ARow + Group.IdxX, a1 = a0 + g.ARow;
        int b0 = column * g.BColumn + Group.IdxX;
        int b1 = XMath.Min(column + 1, g.N - 1) * g.BColumn + Group.IdxX;
        int b2 = XMath.Min(column + 2, g.N - 1) * g.BColumn + Group.IdxX;
        int b3 = XMath.Min(column + 3, g.N - 1) * g.BColumn + Group.IdxX;
        Sums4 r0 = default, r1 = default;
        int whole = g.K / Group.DimX * Group.DimX;
        for (int k = 0; k < whole; k += Group.DimX)
        {
            float x0 = b[b0 + k], x1 = b[b1 + k], x2 = b[b2 + k], x3 = b[b3 + k];
            r0.Add(a[a0 + k], x0, x1, x2, x3);
            r1.Add(a[a1 + k], x0, x1, x2, x3);
        }
        if (whole + Group.IdxX < g.K)
        {
            int k = whole;
            float x0 = b[b0 + k], x1 = b[b1 + k], x2 = b[b2 + k], x3 = b[b3 + k];
            r0.Add(a[a0 + k], x0, x1, x2, x3);
            r1.Add(a[a1 + k], x0, x1, x2, x3);
        }
        Reduce(r0, sums, 0);
        Reduce(r1, sums, Tile);
    }

    private static void Rows1(FloatView a, FloatView b, FloatView sums, int row, int column, GemmArguments g)
    {
        int a0 = row * g.ARow + Group.IdxX;
        int b0 = column * g.BColumn + Group.IdxX;
        int b1 = XMath.Min(column + 1, g.N - 1) * g.BColumn + Group.IdxX;
        int b2 = XMath.Min(column + 2, g.N - 1) * g.BColumn + Group.IdxX;
        int b3 = XMath.Min(column + 3, g.N - 1) * g.BColumn + Group.IdxX;
        Sums4 r0 = default;
        int whole = g.K / Group.DimX * Group.DimX;
        for (int k = 0; k < whole; k += Group.DimX)
        {
            float x0 = b[b0 + k], x1 = b[b1 + k], x2 = b[b2 + k], x3 = b[b3 + k];
            r0.Add(a[a0 + k], x0, x1, x2, x3);
        }
        if (whole + Group.IdxX < g.K)
        {
            int k = whole;
            float x0 = b[b0 + k], x1 = b[b1 + k], x2 = b[b2 + k], x3 = b[b3 + k];
            r0.Add(a[a0 + k], x0, x1, x2, x3);
        }
        Reduce(r0, sums, 0);
    }

    /// <summary>Adds up the lanes' parts of a row's four sums and puts them down.</summary>
    private static void Reduce(Sums4 row, FloatView sums, int at)
    {
        float x0 = GroupShapes.SumOfWarp(row.X0), x1 = GroupShapes.SumOfWarp(row.X1);
        float x2 = GroupShapes.SumOfWarp(row.X2), x3 = GroupShapes.SumOfWarp(row.X3);
        // Every lane knows all four; neighbouring lanes store them side by side.
        for (int i = Group.IdxX; i < Tile; i += Group.DimX)
            sums[at + i] = i < 2 ? (i == 0 ? x0 : x1) : (i == 2 ? x2 : x3);
    }

    private static void Finish<TEpilogue>(FloatView c, FloatView sums, int row0, int column0, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        for (int i = Group.IdxX; i < Tile * Tile; i += Group.DimX)
        {
            int row = row0 + i / Tile;
            int column = column0 + i % Tile;
            if (row < g.M && column < g.N)
            {
                int at = row * g.Ldc + column;
                float value = g.Alpha * sums[i];
                if (g.Beta != 0f)
                    value += g.Beta * c[at];
                c[at] = epilogue.Apply(value, row, column);
            }
        }
    }

    /// <summary>A lane's part of one row's four dot products.</summary>
    private struct Sums4
    {
        public float X0, X1, X2, X3;

        public void Add(float a, float b0, float b1, float b2, float b3)
        {
            X0 += a * b0;
            X1 += a * b1;
            X2 += a * b2;
            X3 += a * b3;
        }
    }
}
