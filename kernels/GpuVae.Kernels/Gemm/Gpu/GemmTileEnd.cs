// How a tile of C leaves its group: GemmTiles.cs (float32) and GemmTensorTiles.cs (tensor cores) both end here.
//
// A product whose tiles are too few for the device is cut along k into slices. Every slice puts its sums into a workspace and draws a
// ticket of its tile; the group with the last ticket adds all slices up in the order of k, whoever came last, so that results repeat to
// the bit.
// (The memory fences before and after the ticket order a group's sums before those who read them.)
//
// The sums then pass through shared memory, so that neighbouring threads store neighbouring elements, whatever each of them computed, and
// the epilogue is compiled once, not once per sum.

using GpuVae.Kernels.Gemm.Planning;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Gpu;

/// <summary>The sums that one thread holds.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
internal interface ITileSums<TSelf>
    where TSelf : struct, ITileSums<TSelf>
{
    /// <summary>Elements per thread, a multiple of 4.</summary>
    static abstract int Count { get; }

    /// <summary>Makes all sums zero.</summary>
    void Clear();

    /// <summary>Stores all sums, four by four; thread t's i-th four lie at start + 4·(i·threads + t).</summary>
    void Save(FloatView workspace, int start, int thread, int threads);

    /// <summary>Adds what another slice's same thread saved.</summary>
    void Add(FloatView workspace, int start, int thread, int threads);

    /// <summary>Puts the sums of one half of the tile's rows into scratch [row of the half][column].</summary>
    void Keep(FloatView scratch, int half, int thread);
}

/// <summary>Which tile and which slice of k a group computes.</summary>
internal readonly struct TilePlace
{
    // Rows of tiles that are gone through column by column, so that the tiles that run at the same time share operands in the second-level
    // cache.
    private const int BandRows = 8;

    public readonly int Number, GroupX, GroupY, Slice;

    public TilePlace(GemmArguments g, int group)
    {
        int tiles = g.GroupsX * g.GroupsY;
        Slice = group / tiles;
        Number = group % tiles;
        int band = Number / (BandRows * g.GroupsX);
        int inBand = Number % (BandRows * g.GroupsX);
        int left = g.GroupsY - band * BandRows;
        int height = left < BandRows ? left : BandRows;
        GroupX = inBand / height;
        GroupY = band * BandRows + inBand % height;
    }
}

internal static class GemmTileEnd
{
    /// <summary>Elements of the workspace per slice of a tile: the threads' sums, and one column sum for each of them.</summary>
    public static int SliceElements(int threads, int sumsPerThread) => threads * (sumsPerThread + 1);

    /// <summary>Adds up the slices of the tile, if there are several, and hands its elements to <paramref name="output"/>.</summary>
    /// <param name="sums">This thread's sums.</param>
    /// <param name="columnSum">Σ_k op(B)[k, thread] over this slice, where it is wanted.</param>
    /// <param name="columnSums">Where it goes.</param>
    /// <param name="c">C.</param>
    /// <param name="workspace">Space for the slices' sums.</param>
    /// <param name="tickets">One per tile, zero between launches.</param>
    /// <param name="scratch">Shared memory for half a tile with four spare columns; free for use.</param>
    /// <param name="g">The product.</param>
    /// <param name="place">The tile.</param>
    /// <param name="output">What becomes of the elements.</param>
    public static void Run<TShape, TSums, TOutput>(
        TSums sums, float columnSum, FloatView columnSums, FloatView c, FloatView workspace, ArrayView<int> tickets, FloatView scratch,
        GemmArguments g, TilePlace place, TOutput output)
        where TShape : struct, ITileShape
        where TSums : struct, ITileSums<TSums>
        where TOutput : struct, ITileOutput
    {
        int threads = Threads<TShape, TSums>();
        int thread = Group.IdxX;
        bool isLast = true;
        if (g.Slices > 1)
        {
            int size = SliceElements(threads, TSums.Count);
            FloatView aligned = workspace.AsAligned16();
            // The tile's number comes last in the product, so that it is known to be a multiple of four.
            int start = g.WorkspaceStart + place.Number * g.Slices * size;
            start = 4 * (start >> 2);
            int own = start + place.Slice * size;
            sums.Save(aligned, own, thread, threads);
            workspace[own + threads * TSums.Count + thread] = columnSum;
            MemoryFence.DeviceLevel();
            Group.Barrier();
            if (thread == 0)
            {
                int ticket = Atomic.Add(ref tickets[g.TicketStart + place.Number], 1);
                // The last one puts the ticket back for the next launch.
                if (ticket == g.Slices - 1)
                    tickets[g.TicketStart + place.Number] = 0;
                // Not by Group.Broadcast, which takes shared memory of its own: the stages of the largest tiles leave none.
                scratch[0] = ticket == g.Slices - 1 ? 1f : 0f;
            }
            Group.Barrier();
            isLast = scratch[0] != 0f;
            Group.Barrier();
            MemoryFence.DeviceLevel();
            if (isLast)
            {
                sums.Clear();
                columnSum = 0f;
                for (int slice = 0; slice < g.Slices; slice++)
                {
                    sums.Add(aligned, start + slice * size, thread, threads);
                    columnSum += workspace[start + slice * size + threads * TSums.Count + thread];
                }
            }
        }
        if (!isLast)
            return;
        if (g.WithColumnSums != 0 && place.GroupY == 0 && thread < TShape.Columns && place.GroupX * TShape.Columns + thread < g.N)
            columnSums[place.GroupX * TShape.Columns + thread] = columnSum;
        Store<TShape, TSums, TOutput>(sums, c, scratch, g, place, output, thread, threads);
    }

    private static int Threads<TShape, TSums>()
        where TShape : struct, ITileShape
        where TSums : struct, ITileSums<TSums> => TShape.Rows * TShape.Columns / TSums.Count;

    private static void Store<TShape, TSums, TOutput>(
        TSums sums, FloatView c, FloatView scratch, GemmArguments g, TilePlace place, TOutput output, int thread, int threads)
        where TShape : struct, ITileShape
        where TSums : struct, ITileSums<TSums>
        where TOutput : struct, ITileOutput
    {
        int pitch = TileLayout<TShape>.PitchB;
        int rows = TileLayout<TShape>.RowsPerHalf;
        for (int half = 0; half < TileLayout<TShape>.Halves; half++)
        {
            sums.Keep(scratch, half, thread);
            Group.Barrier();
            int row0 = place.GroupY * TShape.Rows + half * rows;
            int column0 = place.GroupX * TShape.Columns;
            for (int e = thread; e < rows * TShape.Columns; e += threads)
            {
                int row = e / TShape.Columns, column = e % TShape.Columns;
                float term = 0f;
                if (row0 + row < g.M && column0 + column < g.N)
                {
                    float value = g.Alpha * scratch[row * pitch + column];
                    if (g.Beta != 0f)
                        value += g.Beta * c[(row0 + row) * g.Ldc + column0 + column];
                    term = output.Take(c, value, row0 + row, column0 + column, g);
                }
                if (TOutput.SumsRows)
                    scratch[row * pitch + column] = term;
            }
            if (TOutput.SumsRows)
            {
                Group.Barrier();
                for (int row = thread; row < rows; row += threads)
                {
                    float sum = 0f;
                    for (int column = 0; column < TShape.Columns; column++)
                        sum += scratch[row * pitch + column];
                    if (row0 + row < g.M)
                        output.StoreRow(sum, row0 + row, place.GroupX, g);
                }
            }
            Group.Barrier();
        }
    }
}
