using ILGPU;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

/// <summary>A block of 16 × 16 elements, a vector per row. What has to be written out row by row is in SquareBlock.g.cs.</summary>
internal partial struct SquareBlock
{
    public const int Side = 16;

    /// <summary>The block of a matrix that starts at (row, column); its last row stands in for those beyond.</summary>
    public static SquareBlock Load(FloatView from, int row, int lastRow, int pitch, int column)
    {
        var square = default(SquareBlock);
        square.LoadRows(from, row, lastRow, pitch, column + Group.IdxX);
        return square;
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
