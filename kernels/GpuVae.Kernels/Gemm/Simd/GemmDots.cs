// The product A·Bᵀ of Gemm.cs for CPUs and few rows: a group is one warp, lanes share dot products along k.
//
// Both operands are read as they lie, a vector of consecutive k at a time, so nothing is packed and a single row costs no padding: this is
// the way of small batches, where every weight is used a few times only. A group takes as many columns (rows of B) as a warp has lanes, up
// to sixteen, so that what is left of their sums after the last k fits into one vector, an element for each lane to finish. The columns
// come from the second-level cache for the first row of A, from the first for the others.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Planning;
using ILGPU;
using ILGPU.Algorithms;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

internal static class GemmDots
{
    /// <summary>Columns of a group at most.</summary>
    private const int MaxColumns = 16;

    /// <summary>Columns of a group where a warp has so many lanes.</summary>
    public static int Columns(int warp) => Math.Min(warp, MaxColumns);

    public static void Kernel<TDots, TEpilogue>(FloatView a, FloatView b, FloatView c, GemmArguments g, TEpilogue epilogue)
        where TDots : struct, IDots
        where TEpilogue : struct, IEpilogue
    {
        // The last group begins earlier, to be full; what it shares with the one before is that one's to store.
        int first = Grid.IdxX * TDots.Columns;
        int column = XMath.Min(first, g.N - TDots.Columns);
        int whole = g.K / Group.DimX * Group.DimX;
        for (int row = 0; row < g.M; row++)
        {
            int atA = row * g.ARow + Group.IdxX, atB = column * g.BColumn + Group.IdxX;
            var dots = default(TDots);
            for (int k = 0; k < whole; k += Group.DimX)
                dots.Add(a[atA + k], b, atB + k, g.BColumn);
            if (whole + Group.IdxX < g.K)
                dots.Add(a[atA + whole], b, atB + whole, g.BColumn);
            float sum = dots.Reduce();
            for (int mask = TDots.Columns; mask < Group.DimX; mask *= 2)
                sum += Warp.ShuffleXor(sum, mask);
            int own = column + Group.IdxX;
            if (Group.IdxX < TDots.Columns && own >= first)
                Finish(sum, c, row, own, g, epilogue);
        }
    }

    private static void Finish<TEpilogue>(float sum, FloatView c, int row, int column, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        int at = row * g.Ldc + column;
        float value = g.Alpha * sum;
        if (g.Beta != 0f)
            value += g.Beta * c[at];
        c[at] = epilogue.Apply(value, row, column);
    }

    /// <summary>A lane's part of the dot products of one row with neighbouring columns.</summary>
    internal interface IDots
    {
        /// <summary>A power of two.</summary>
        static abstract int Columns { get; }

        /// <summary>Adds the products of an element of A with those of B at the same k, of which the first column's lies at atB.</summary>
        void Add(float a, FloatView b, int atB, int pitch);

        /// <summary>The sum of column (lane mod columns), over lanes whose numbers differ below the bit of that many columns.</summary>
        float Reduce();
    }

    /// <summary>One column.</summary>
    internal struct One : IDots
    {
        private float sum;

        public static int Columns => 1;

        public void Add(float a, FloatView b, int atB, int pitch) => sum += a * b[atB];

        public readonly float Reduce() => sum;
    }

    /// <summary>Twice as many columns as <typeparamref name="THalf"/>.</summary>
    internal struct Pair<THalf> : IDots
        where THalf : struct, IDots
    {
#pragma warning disable CS0649 // They begin as zeros.
        private THalf lower, upper;
#pragma warning restore CS0649

        public static int Columns => 2 * THalf.Columns;

        public void Add(float a, FloatView b, int atB, int pitch)
        {
            lower.Add(a, b, atB, pitch);
            upper.Add(a, b, atB + THalf.Columns * pitch, pitch);
        }

        public float Reduce()
        {
            float ofLower = lower.Reduce(), ofUpper = upper.Reduce();
            // Two lanes that differ in one bit share their columns: each keeps one and gives the other away.
            bool hasBit = (Group.IdxX & THalf.Columns) != 0;
            return (hasBit ? ofUpper : ofLower) + Warp.ShuffleXor(hasBit ? ofLower : ofUpper, THalf.Columns);
        }
    }
}
