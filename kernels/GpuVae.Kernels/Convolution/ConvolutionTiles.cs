// The products of Convolution.cs and ConvolutionWeightGradient.cs for GPUs, in tiles of C. Elements of the patches are looked
// up in the source as they go to shared memory; where a row or a column of the tile starts in the source is worked out once and waits in
// shared memory, too.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Gpu;
using ILGPU;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Convolution;

internal static class ConvolutionTiles
{
    /// <summary>Rows and columns of C per thread.</summary>
    public const int ThreadTile = 4;

    /// <summary>Rows and columns of a group's tile at most.</summary>
    public const int MaxSide = 64;

    /// <summary>k per turn.</summary>
    public const int Depth = 16;

    // One more than the tile: a transposing store would hit one bank over and over.
    public const int Pitch = MaxSide + 1;

    /// <summary>Elements of each of the two tiles in shared memory.</summary>
    public const int TileElements = Depth * Pitch;

    /// <summary>target = epilogue(patches(source)·weight), the weights with one row per column of the patches.</summary>
    public static void Kernel<TEpilogue>(FloatView source, FloatView weight, FloatView target, PatchArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        FloatView tileA = SharedMemory.Allocate<float>(TileElements);
        FloatView tileB = SharedMemory.Allocate<float>(TileElements);
        var table = new PatchTable(
            SharedMemory.Allocate<int>(MaxSide), SharedMemory.Allocate<int>(MaxSide), SharedMemory.Allocate<int>(MaxSide),
            SharedMemory.Allocate<int>(Depth), SharedMemory.Allocate<int>(Depth), SharedMemory.Allocate<int>(Depth));
        ArrayView<int> weightRow = SharedMemory.Allocate<int>(Depth);
        int side = ThreadTile * Group.DimX;
        int threads = Group.DimX * Group.DimY;
        int thread = Group.IdxY * Group.DimX + Group.IdxX;
        int phases = g.TargetStep * g.TargetStep;
        int block = Grid.IdxX / g.GroupsX;
        var patches = new Patches(g, block % phases);
        int row0 = block / phases * side;
        int column0 = Grid.IdxX % g.GroupsX * side;
        for (int r = thread; r < side; r += threads)
            table.SetPixel(r, new PatchRow(patches, row0 + r), row0 + r < patches.Rows, patches, g);

        var sums = default(Quad);
        for (int k0 = 0; k0 < patches.Depth; k0 += Depth)
        {
            for (int d = thread; d < Depth; d += threads)
            {
                bool exists = k0 + d < patches.Depth;
                int k = exists ? k0 + d : 0;
                table.SetTap(d, new PatchColumn(patches, k, g), exists, g);
                weightRow[d] = patches.WeightRow(k, g);
            }
            Group.Barrier();
            for (int e = thread; e < side * Depth; e += threads)
            {
                int row = e / Depth, d = e % Depth;
                tileA[d * Pitch + row] = table.Load(source, row, d, g);
            }
            for (int e = thread; e < side * Depth; e += threads)
            {
                int column = e % side, d = e / side;
                float value = 0f;
                if (column0 + column < g.Columns && k0 + d < patches.Depth)
                    value = weight[weightRow[d] * g.Columns + column0 + column];
                tileB[d * Pitch + column] = value;
            }
            Group.Barrier();
            Multiply(tileA, tileB, ref sums);
            Group.Barrier();
        }

        int firstRow = row0 + ThreadTile * Group.IdxY;
        StoreRow(sums.R0, target, firstRow, column0 + Group.IdxX, patches, g, epilogue);
        StoreRow(sums.R1, target, firstRow + 1, column0 + Group.IdxX, patches, g, epilogue);
        StoreRow(sums.R2, target, firstRow + 2, column0 + Group.IdxX, patches, g, epilogue);
        StoreRow(sums.R3, target, firstRow + 3, column0 + Group.IdxX, patches, g, epilogue);
    }

    /// <summary>This thread's 4 × 4 sums over one turn of k.</summary>
    public static void Multiply(FloatView tileA, FloatView tileB, ref Quad sums)
    {
        for (int depth = 0; depth < Depth; depth++)
        {
            int atA = depth * Pitch + ThreadTile * Group.IdxY;
            int atB = depth * Pitch + Group.IdxX;
            var a = new Four(tileA[atA], tileA[atA + 1], tileA[atA + 2], tileA[atA + 3]);
            sums.Add(a, new Four(tileB[atB], tileB[atB + Group.DimX], tileB[atB + 2 * Group.DimX], tileB[atB + 3 * Group.DimX]));
        }
    }

    private static void StoreRow<TEpilogue>(
        Four sums, FloatView target, int row, int column, Patches patches, PatchArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        if (row >= patches.Rows)
            return;
        var from = new PatchRow(patches, row);
        Store(sums.X0, target, from, column, patches, g, epilogue);
        Store(sums.X1, target, from, column + Group.DimX, patches, g, epilogue);
        Store(sums.X2, target, from, column + 2 * Group.DimX, patches, g, epilogue);
        Store(sums.X3, target, from, column + 3 * Group.DimX, patches, g, epilogue);
    }

    private static void Store<TEpilogue>(
        float sum, FloatView target, PatchRow row, int column, Patches patches, PatchArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        if (g.Block > 1)
        {
            var place = new BlockPlace(column, g);
            int pixel = place.Pixel(row, g);
            if (place.Exists(row, g))
                target[pixel * g.BlockedChannels + place.Channel] = epilogue.Apply(sum, pixel, place.Channel);
        }
        else if (column < g.Columns)
        {
            int pixel = patches.Pixel(row, g);
            target[pixel * g.Columns + column] = epilogue.Apply(sum, pixel, column);
        }
    }

    /// <summary>Where the patches of some pixels start in the source, and where some of their columns lie; in shared memory.</summary>
    internal readonly struct PatchTable(
        ArrayView<int> image, ArrayView<int> top, ArrayView<int> left, ArrayView<int> tapY, ArrayView<int> tapX, ArrayView<int> channel)
    {
        private readonly ArrayView<int> image = image, top = top, left = left, tapY = tapY, tapX = tapX, channel = channel;

        /// <summary>Sets a pixel; one that does not exist has its patch outside the source.</summary>
        public void SetPixel(int i, PatchRow row, bool exists, Patches patches, PatchArguments g)
        {
            image[i] = row.Image * g.SourceHeight;
            top[i] = exists ? row.Top(patches, g) : -g.Kernel;
            left[i] = row.Left(patches, g);
        }

        /// <summary>Sets a column; one that does not exist lies outside the source.</summary>
        public void SetTap(int i, PatchColumn column, bool exists, PatchArguments g)
        {
            tapY[i] = exists ? column.TapY : -2 * (g.SourceHeight + g.Kernel);
            tapX[i] = column.TapX;
            channel[i] = column.Channel;
        }

        /// <summary>The element of the patches, zero outside the source.</summary>
        public float Load(FloatView source, int pixel, int tap, PatchArguments g)
        {
            int y = top[pixel] + tapY[tap], x = left[pixel] + tapX[tap];
            return y >= 0 && y < g.SourceHeight && x >= 0 && x < g.SourceWidth
                ? source[((image[pixel] + y) * g.SourceWidth + x) * g.Channels + channel[tap]]
                : 0f;
        }
    }
}
