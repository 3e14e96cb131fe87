// How the rows of a block are cut into tiles: as many full ones as there are, then fewer rows at a time.

using GpuVae.Kernels.Gemm.Planning;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Simd;

/// <summary>The sums of a tile, and how fewer rows than a tile has are taken.</summary>
internal interface ITileRows : IRowSums
{
    /// <summary>Elements from one k to the next in a packed tile: whole vectors where that does not cost more than a third.</summary>
    static abstract int PackedRows { get; }

    /// <summary>Multiplies as many of the <paramref name="left"/> rows as fit at once; gives their number.</summary>
    static abstract int Multiply<TRows, TColumns>(
        FloatView a, FloatView b, FloatView sums, GemmLanes.Tile tile, GemmArguments g, int left)
        where TRows : struct, GemmLanes.IRows
        where TColumns : struct, GemmLanes.IColumns;
}

/// <summary>For 32 registers.</summary>
internal partial struct Rows12 : ITileRows
{
    public static int PackedRows => 12;

    public static int Multiply<TRows, TColumns>(
        FloatView a, FloatView b, FloatView sums, GemmLanes.Tile tile, GemmArguments g, int left)
        where TRows : struct, GemmLanes.IRows
        where TColumns : struct, GemmLanes.IColumns
    {
        if (left >= 12)
            return GemmLanes.Multiply<Rows12, TRows, TColumns>(a, b, sums, tile, g);
        return left >= 8
            ? GemmLanes.Multiply<Rows8, TRows, TColumns>(a, b, sums, tile, g)
            : GemmLanes.MultiplyFew<Rows4, Rows2, TRows, TColumns>(a, b, sums, tile, g, left);
    }
}

/// <summary>For 16 registers.</summary>
internal partial struct Rows6 : ITileRows
{
    public static int PackedRows => 8;

    public static int Multiply<TRows, TColumns>(
        FloatView a, FloatView b, FloatView sums, GemmLanes.Tile tile, GemmArguments g, int left)
        where TRows : struct, GemmLanes.IRows
        where TColumns : struct, GemmLanes.IColumns =>
        left >= 6
            ? GemmLanes.Multiply<Rows6, TRows, TColumns>(a, b, sums, tile, g)
            : GemmLanes.MultiplyFew<Rows4, Rows2, TRows, TColumns>(a, b, sums, tile, g, left);
}
