// The sums that a lane of a micro-kernel keeps in registers, as named fields: an array would be memory. Of one row they are Row1 or Row2,
// by the vectors of columns; RowSums.g.cs stacks them (MicroKernels.cs of the tests writes it).

using ILGPU;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

/// <summary>A lane's sums of some rows.</summary>
internal interface IRowSums
{
    static abstract int Rows { get; }

    /// <summary>Vectors of columns, 1 or 2.</summary>
    static abstract int Vectors { get; }

    /// <summary>Adds the products of one k.</summary>
    /// <param name="a">op(A).</param>
    /// <param name="at">The first row's element.</param>
    /// <param name="pitch">Elements from one row to the next.</param>
    /// <param name="b0">This lane's element of the first vector of columns.</param>
    /// <param name="b1">That of the second, if there are two.</param>
    void Add(FloatView a, int at, int pitch, float b0, float b1);

    /// <summary>Puts the sums into scratch [row][column], from row <paramref name="first"/> on.</summary>
    void Keep(FloatView sums, int first);
}

/// <summary>The sums of neighbouring pixels of a line, of which there are 16 at most.</summary>
internal interface IPixelSums : IRowSums;

/// <summary>One row's sums in a lane: a column of one vector.</summary>
internal struct Row1
{
    public const int Vectors = 1;

    private float x0;

    public void Add(float a, float b0, float b1) => x0 += a * b0;

    public readonly void Keep(FloatView sums, int row) => sums[row * Group.DimX + Group.IdxX] = x0;
}

/// <summary>One row's sums in a lane: a column of each of two vectors.</summary>
internal struct Row2
{
    public const int Vectors = 2;

    private float x0, x1;

    public void Add(float a, float b0, float b1)
    {
        x0 += a * b0;
        x1 += a * b1;
    }

    public readonly void Keep(FloatView sums, int row)
    {
        int at = 2 * row * Group.DimX + Group.IdxX;
        sums[at] = x0;
        sums[at + Group.DimX] = x1;
    }
}
