// The tiles of C that a group of the matrix product for GPUs computes (GemmTiles.cs), and how its threads share one.
//
// A thread owns 4 × 4 elements, or four such quads half a tile apart (8 × 8), so that neighbouring threads read neighbouring 16 bytes of
// shared memory. A warp's 32 threads form a patch 8 threads wide and 4 high: the 8 that load from shared memory in one phase of a 128-bit
// access read 128 consecutive bytes of B and a single 16 of A, which hits every bank once.

namespace GpuVae.Kernels.Gemm.Gpu;

/// <summary>Compile-time extents of a tile; all are powers of two.</summary>
internal interface ITileShape
{
    static abstract int Rows { get; }

    static abstract int Columns { get; }

    /// <summary>Rows and columns of C per thread: 4 or 8.</summary>
    static abstract int ThreadTile { get; }
}

internal readonly struct Tile128x128 : ITensorTileShape
{
    public static int Rows => 128;

    public static int Columns => 128;

    public static int ThreadTile => 8;
}

internal readonly struct Tile128x64 : ITileShape
{
    public static int Rows => 128;

    public static int Columns => 64;

    public static int ThreadTile => 8;
}

internal readonly struct Tile64x64 : ITensorTileShape
{
    public static int Rows => 64;

    public static int Columns => 64;

    public static int ThreadTile => 4;
}

internal readonly struct Tile32x32 : ITileShape
{
    public static int Rows => 32;

    public static int Columns => 32;

    public static int ThreadTile => 4;
}

/// <summary>For devices whose groups have no more than 16 threads.</summary>
internal readonly struct Tile16x16 : ITileShape
{
    public static int Rows => 16;

    public static int Columns => 16;

    public static int ThreadTile => 4;
}

/// <summary>What follows from a shape.</summary>
internal static class TileLayout<TShape>
    where TShape : struct, ITileShape
{
    /// <summary>k per stage of shared memory.</summary>
    public const int Depth = 16;

    // Four more than the tile keeps rows aligned to 16 bytes and spreads the stores that turn an operand over the banks.
    public static int PitchA => TShape.Rows + 4;

    public static int PitchB => TShape.Columns + 4;

    public static int StageElements => Depth * (PitchA + PitchB);

    /// <summary>Two stages; afterwards half a tile of sums fits in.</summary>
    public static int SharedElements => 2 * StageElements;

    public static int Threads => TShape.Rows / TShape.ThreadTile * (TShape.Columns / TShape.ThreadTile);

    public static bool IsWide => TShape.ThreadTile == 8;

    /// <summary>The tile's rows are handed over in this many passes.</summary>
    public static int Halves => IsWide ? 2 : 1;

    public static int RowsPerHalf => TShape.Rows / Halves;

    private static int ThreadsX => TShape.Columns / TShape.ThreadTile;

    private static int LanesX => ThreadsX < 8 ? ThreadsX : 8;

    private static int WarpsX => ThreadsX / LanesX;

    /// <summary>A thread's place among those that share the columns.</summary>
    public static int PlaceX(int thread) => thread / 32 % WarpsX * LanesX + thread % LanesX;

    /// <summary>A thread's place among those that share the rows.</summary>
    public static int PlaceY(int thread) => thread / 32 / WarpsX * (32 / LanesX) + thread % 32 / LanesX;
}
