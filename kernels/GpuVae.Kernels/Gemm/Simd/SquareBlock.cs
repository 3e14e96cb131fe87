using ILGPU;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

/// <summary>
/// A block of as many rows as a warp has lanes, a vector per row. What has to be written out row by row, for each width of a warp, is in
/// SquareBlock.g.cs.
/// </summary>
internal interface ISquareBlock
{
    /// <summary>Rows, and lanes of the warp.</summary>
    static abstract int Side { get; }

    /// <summary>Reads the block of a matrix that starts at (row, column); its last row stands in for those beyond.</summary>
    void Load(FloatView from, int row, int lastRow, int pitch, int column);

    void Transpose();

    /// <summary>Stores this lane's column: the first row's element at <paramref name="at"/>.</summary>
    void Store(FloatView to, int at, int pitch);
}

internal static class SquareBlock
{
    /// <summary>Of the largest block.</summary>
    public const int MaxSide = 16;

    /// <summary>Swaps the lanes of one vector whose number has the bit with the other's lanes that lack it.</summary>
    public static void Exchange(ref float lower, ref float upper, int bit)
    {
        bool hasBit = (Group.IdxX & bit) != 0;
        float received = Warp.ShuffleXor(hasBit ? lower : upper, bit);
        float newLower = hasBit ? received : lower;
        upper = hasBit ? upper : received;
        lower = newLower;
    }
}
