// The product A·B of Gemm.cs for CPUs and one row: a group is one warp, lanes own columns, four to eight vectors of them.
//
// One row has one chain of sums for each vector of columns, in which every k waits for the one before. The two of a panel of GemmLanes.cs
// keep a core waiting most of the time; eight hide the latency of a multiply-add, and so many neighbouring lines of B are read at once.
// How many there are is chosen so that all cores are done at the same time.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Planning;
using ILGPU;
using ILGPU.Algorithms;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

internal static class GemmRow
{
    /// <summary>Vectors of columns that a group takes at least, and at most.</summary>
    public const int LeastVectors = 4, MostVectors = 8;

    /// <summary>
    /// Vectors of columns per group for a product of <paramref name="columns"/>, of which there are <see cref="LeastVectors"/> vectors
    /// at least: those with which the busiest core has least to do.
    /// </summary>
    public static int Vectors(int columns, int warp, int cores)
    {
        // In every launch, which must not allocate. Of two with the same work the larger.
        (int best, int least) = (LeastVectors, int.MaxValue);
        for (int vectors = LeastVectors; vectors <= MostVectors && vectors * warp <= columns; vectors++)
        {
            int work = Blocks.Of(Blocks.Of(columns, vectors * warp), cores) * vectors;
            if (work <= least)
                (best, least) = (vectors, work);
        }
        return best;
    }

    public static void Kernel<TSums, TEpilogue>(FloatView a, FloatView b, FloatView c, GemmArguments g, TEpilogue epilogue)
        where TSums : struct, IColumnSums
        where TEpilogue : struct, IEpilogue
    {
        FloatView kept = SharedMemory.Allocate<float>(TSums.Vectors * GemmLanes.MaxWarp);
        // The last group begins earlier, to be full; what it shares with the one before is that one's to store.
        int first = Grid.IdxX * TSums.Vectors * Group.DimX;
        int column = XMath.Min(first, g.N - TSums.Vectors * Group.DimX) + Group.IdxX;
        int atA = 0, atB = column;
        var sums = default(TSums);
        for (int k = 0; k < g.K; k++)
        {
            sums.Add(a[atA], b, atB);
            atA += g.ADepth;
            atB += g.BDepth;
        }
        sums.Keep(kept);
        for (int vector = 0; vector < TSums.Vectors; vector++)
        {
            int own = column + vector * Group.DimX;
            if (own < first)
                continue;
            float value = g.Alpha * kept[vector * Group.DimX + Group.IdxX];
            if (g.Beta != 0f)
                value += g.Beta * c[own];
            c[own] = epilogue.Apply(value, 0, own);
        }
    }
}

/// <summary>A lane's sums of one row: a column of each of some vectors.</summary>
internal interface IColumnSums
{
    static abstract int Vectors { get; }

    /// <summary>Adds the products of one k.</summary>
    /// <param name="a">The row's element.</param>
    /// <param name="b">op(B).</param>
    /// <param name="at">This lane's element of the first vector of columns.</param>
    void Add(float a, FloatView b, int at);

    /// <summary>Puts the sums into scratch [vector][lane].</summary>
    void Keep(FloatView sums);
}
