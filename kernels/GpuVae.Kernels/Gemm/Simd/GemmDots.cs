// The product A·Bᵀ of Gemm.cs for CPUs and few rows: a group is one warp, lanes share a dot product along k.
//
// Both operands are read as they lie, a vector of consecutive k at a time, so nothing is packed and a single row costs no padding: this is
// the way of small batches, where every weight is used a few times only. A group takes some tiles of four columns (rows of B), which stay
// in the first-level cache while all rows of A pass by, up to four at a time: 16 sums in named fields. A butterfly over the lanes adds
// them up.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Planning;
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
                    Multiply<Dots4>(a, b, sums, row, column, g);
                else if (left == 2)
                    Multiply<Dots2>(a, b, sums, row, column, g);
                else
                    Multiply<Dots1>(a, b, sums, row, column, g);
                Group.Barrier();
                Finish(c, sums, row, column, g, epilogue);
                Group.Barrier();
            }
        }
    }

    private static void Multiply<TDots>(FloatView a, FloatView b, FloatView sums, int row, int column, GemmArguments g)
        where TDots : struct, IDots
    {
        // A row or column past the end repeats the last one; its sums are not used.
        int b0 = column * g.BColumn + Group.IdxX;
        int b1 = XMath.Min(column + 1, g.N - 1) * g.BColumn + Group.IdxX;
        int b2 = XMath.Min(column + 2, g.N - 1) * g.BColumn + Group.IdxX;
        int b3 = XMath.Min(column + 3, g.N - 1) * g.BColumn + Group.IdxX;
        var dots = default(TDots);
        int whole = g.K / Group.DimX * Group.DimX;
        for (int k = 0; k < whole; k += Group.DimX)
            dots.Add(a, row, g, k + Group.IdxX, b[b0 + k], b[b1 + k], b[b2 + k], b[b3 + k]);
        if (whole + Group.IdxX < g.K)
            dots.Add(a, row, g, whole + Group.IdxX, b[b0 + whole], b[b1 + whole], b[b2 + whole], b[b3 + whole]);
        dots.Reduce(sums);
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

    /// <summary>A lane's part of some rows' dot products with four columns; RowSums.g.cs stacks the rows.</summary>
    internal interface IDots
    {
        /// <summary>Adds the products of a[row…, k], of which the last row stands in for those beyond, with b0 to b3.</summary>
        void Add(FloatView a, int row, GemmArguments g, int k, float b0, float b1, float b2, float b3);

        /// <summary>Adds up the lanes' parts and puts them into sums [row][column].</summary>
        void Reduce(FloatView sums);
    }

    /// <summary>One row.</summary>
    internal struct DotRow
    {
        private float x0, x1, x2, x3;

        public void Add(float a, float b0, float b1, float b2, float b3)
        {
            x0 += a * b0;
            x1 += a * b1;
            x2 += a * b2;
            x3 += a * b3;
        }

        public readonly void Reduce(FloatView sums, int row)
        {
            float sum0 = GroupShapes.SumOfWarp(x0), sum1 = GroupShapes.SumOfWarp(x1);
            float sum2 = GroupShapes.SumOfWarp(x2), sum3 = GroupShapes.SumOfWarp(x3);
            // Every lane knows all four; neighbouring lanes store them side by side.
            for (int i = Group.IdxX; i < Tile; i += Group.DimX)
                sums[row * Tile + i] = i < 2 ? (i == 0 ? sum0 : sum1) : (i == 2 ? sum2 : sum3);
        }
    }
}
