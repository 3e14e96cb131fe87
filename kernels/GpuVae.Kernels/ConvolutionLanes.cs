// The products of Convolution.cs and ConvolutionWeightGradient.cs for CPUs: a group is one warp, and the micro-kernel is that of
// GemmLanes.cs. What it reads of the patches is copied to shared memory first, which on a CPU is a worker's own scratch: a tile of rows
// lies in the first-level cache, edges become zeros on the way, and the micro-kernel has neither branches nor strides to care for. A copy of an
// element serves all columns of the product, and runs of taps are copied as whole vectors.

using ILGPU;
using ILGPU.Algorithms;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

internal static class ConvolutionLanes
{
    /// <summary>Columns of the patches that a slice has at most, and panels that share one copy of them.</summary>
    public const int MaxDepth = 288, MaxPanels = 4;

    /// <summary>Shared memory for the slices of a group's panels of weights: 160 KiB.</summary>
    public const int SliceElements = 5 << 13;

    // 16 more than the slice: rows a power of two apart would push each other out of the first-level cache.
    private const int Pitch = MaxDepth + 16;

    /// <summary>target = epilogue(patches(source)·weight), the weights with one row per column of the patches.</summary>
    public static void Kernel<TTile, TEpilogue>(FloatView source, FloatView weight, FloatView target, PatchArguments g, TEpilogue epilogue)
        where TTile : struct, ITile
        where TEpilogue : struct, IEpilogue
    {
        FloatView rows = SharedMemory.Allocate<float>(GemmLanes.ManyRows * Pitch);
        FloatView slice = SharedMemory.Allocate<float>(SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(GemmLanes.ManyRows * 2 * GemmLanes.MaxWarp);
        int phases = g.TargetStep * g.TargetStep;
        int block = Grid.IdxX / g.GroupsX;
        var patches = new Patches(g, block % phases);
        int panel0 = Grid.IdxX % g.GroupsX * g.PanelsPerGroup;
        int panels = XMath.Min(g.PanelsPerGroup, (g.Columns + 2 * Group.DimX - 1) / (2 * Group.DimX) - panel0);
        int firstRow = block / phases * g.TilesPerGroup * TTile.Rows;
        int rowEnd = XMath.Min(firstRow + g.TilesPerGroup * TTile.Rows, patches.Rows);
        GemmArguments strides = default;
        strides.ARow = Pitch;
        strides.ADepth = 1;
        strides.BDepth = TTile.Vectors * Group.DimX;
        // Of depth 0 there is still one slice: it stores zeros.
        for (int k0 = 0; k0 < XMath.Max(patches.Depth, 1); k0 += g.DepthBlock)
        {
            int depth = XMath.Min(g.DepthBlock, patches.Depth - k0);
            for (int panel = 0; panel < panels; panel++)
            {
                int to = panel * g.DepthBlock * 2 * Group.DimX;
                StageWeights<TTile>(weight, slice, to, (panel0 + panel) * 2 * Group.DimX, k0, depth, patches, g);
            }
            Group.Barrier();
            for (int row = firstRow; row < rowEnd; row += TTile.Rows)
            {
                Gather(source, rows, Pitch, row, TTile.Rows, k0, depth, patches, g);
                Group.Barrier();
                for (int panel = 0; panel < panels; panel++)
                {
                    var tile = new GemmLanes.Tile(0, panel * g.DepthBlock * 2 * Group.DimX + Group.IdxX, depth);
                    TTile.MultiplyDistant(rows, slice, sums, tile, strides);
                    int column = (panel0 + panel) * 2 * Group.DimX + Group.IdxX;
                    bool isLast = k0 + g.DepthBlock >= patches.Depth;
                    int count = XMath.Min(TTile.Rows, rowEnd - row);
                    if (g.Block > 1)
                    {
                        for (int half = 0; half < TTile.Vectors; half++)
                        {
                            var place = new BlockPlace(column + half * Group.DimX, g);
                            var from = new PatchRow(patches, row);
                            for (int r = 0; r < count; r++)
                            {
                                float sum = sums[(TTile.Vectors * r + half) * Group.DimX + Group.IdxX];
                                if (place.Exists(from, g))
                                    Store(sum, target, place.Pixel(from, g), place.Channel, g.BlockedChannels, k0, isLast, epilogue);
                                from.Advance(patches);
                            }
                        }
                    }
                    else
                    {
                        var from = new PatchRow(patches, row);
                        for (int r = 0; r < count; r++)
                        {
                            int at = TTile.Vectors * r * Group.DimX + Group.IdxX;
                            int pixel = patches.Pixel(from, g);
                            if (column < g.Columns)
                                Store(sums[at], target, pixel, column, g.Columns, k0, isLast, epilogue);
                            if (TTile.Vectors > 1 && column + Group.DimX < g.Columns)
                                Store(sums[at + Group.DimX], target, pixel, column + Group.DimX, g.Columns, k0, isLast, epilogue);
                            from.Advance(patches);
                        }
                    }
                }
                Group.Barrier();
            }
        }
    }

    /// <summary>
    /// Copies columns k0 … k0 + depth - 1 of some rows of patches to <paramref name="rows"/>, <paramref name="pitch"/> apart; rows past the
    /// last become zeros.
    /// </summary>
    public static void Gather(
        FloatView source, FloatView rows, int pitch, int row0, int count, int k0, int depth, Patches patches, PatchArguments g)
    {
        var row = new PatchRow(patches, row0);
        int firstTapY = k0 / XMath.Max(patches.Run, 1);
        int lastTapY = (k0 + depth - 1) / XMath.Max(patches.Run, 1);
        int start = k0 - firstTapY * patches.Run, startLength = XMath.Min(patches.Run - start, depth);
        int line = g.SourceWidth * g.Channels;
        for (int r = 0; r < count; r++)
        {
            int y = row.Top(patches, g) + firstTapY, lastY = row.Top(patches, g) + lastTapY, left = row.Left(patches, g);
            int from = ((row.Image * g.SourceHeight + y) * g.SourceWidth + left) * g.Channels + start;
            bool exists = row0 + r < patches.Rows;
            int to = r * pitch, end = to + depth, length = startLength;
            // The first run may start inside its line.
            int skipped = start;
            if (exists && y >= 0 && lastY < g.SourceHeight && left >= 0 && left + patches.X.Taps <= g.SourceWidth)
            {
                while (to < end)
                {
                    Copy(source, from, rows, to, length);
                    from += line - skipped;
                    to += length;
                    length = XMath.Min(patches.Run, end - to);
                    skipped = 0;
                }
            }
            else
            {
                // The part of a row of taps that lies inside the source.
                int low = XMath.Max(-left, 0) * g.Channels, high = XMath.Min(g.SourceWidth - left, patches.X.Taps) * g.Channels;
                while (to < end)
                {
                    bool isInside = exists && y >= 0 && y < g.SourceHeight;
                    CopyPart(source, from, rows, to, length, low - skipped, (isInside ? high : low) - skipped);
                    from += line - skipped;
                    to += length;
                    length = XMath.Min(patches.Run, end - to);
                    skipped = 0;
                    y++;
                }
            }
            row.Advance(patches);
        }
    }

    private static void Copy(FloatView source, int from, FloatView target, int to, int length)
    {
        int whole = length / Group.DimX * Group.DimX;
        for (int i = 0; i < whole; i += Group.DimX)
            target[to + i + Group.IdxX] = source[from + i + Group.IdxX];
        if (whole + Group.IdxX < length)
            target[to + whole + Group.IdxX] = source[from + whole + Group.IdxX];
    }

    /// <summary>Copies the elements low … high - 1 and puts zeros in the place of the others.</summary>
    private static void CopyPart(FloatView source, int from, FloatView target, int to, int length, int low, int high)
    {
        for (int first = 0; first < length; first += Group.DimX)
        {
            int i = first + Group.IdxX;
            float value = 0f;
            if (i >= low && i < high)
                value = source[from + i];
            if (i < length)
                target[to + i] = value;
        }
    }

    /// <summary>Lays out the weights of a panel, its vectors per column of the patches, zero beyond the product's last column.</summary>
    private static void StageWeights<TTile>(
        FloatView weight, FloatView slice, int to, int column0, int k0, int depth, Patches patches, PatchArguments g)
        where TTile : struct, ITile
    {
        int column = column0 + Group.IdxX;
        bool whole = column0 + TTile.Vectors * Group.DimX <= g.Columns;
        to += Group.IdxX;
        int k = 0;
        while (k < depth)
        {
            // The rows of a tap's channels are neighbours.
            var first = new PatchColumn(patches, k0 + k, g);
            int end = XMath.Min(k + g.Channels - first.Channel, depth);
            int from = patches.WeightRow(first, g) * g.Columns + column;
            for (; k < end; k++)
            {
                if (whole)
                {
                    slice[to] = weight[from];
                    if (TTile.Vectors > 1)
                        slice[to + Group.DimX] = weight[from + Group.DimX];
                }
                else
                {
                    slice[to] = column < g.Columns ? weight[from] : 0f;
                    if (TTile.Vectors > 1)
                        slice[to + Group.DimX] = column + Group.DimX < g.Columns ? weight[from + Group.DimX] : 0f;
                }
                from += g.Columns;
                to += TTile.Vectors * Group.DimX;
            }
        }
    }

    private static void Store<TEpilogue>(
        float sum, FloatView target, int pixel, int column, int columns, int k0, bool isLast, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        int at = pixel * columns + column;
        // Between slices the sums wait in the target.
        float value = k0 == 0 ? sum : sum + target[at];
        target[at] = isLast ? epilogue.Apply(value, pixel, column) : value;
    }

    /// <summary>The micro-kernel of a number of rows, and of vectors of columns.</summary>
    internal interface ITile
    {
        static abstract int Rows { get; }

        static abstract int Vectors { get; }

        /// <summary>Rows of A lie a pitch apart.</summary>
        static abstract void MultiplyDistant(FloatView a, FloatView b, FloatView sums, GemmLanes.Tile tile, GemmArguments g);

        /// <summary>Rows of A are neighbours.</summary>
        static abstract void MultiplyNeighbours(FloatView a, FloatView b, FloatView sums, GemmLanes.Tile tile, GemmArguments g);
    }

    internal readonly struct ManyRows : ITile
    {
        public static int Rows => GemmLanes.ManyRows;

        public static int Vectors => 2;

        public static void MultiplyDistant(FloatView a, FloatView b, FloatView sums, GemmLanes.Tile tile, GemmArguments g) =>
            GemmLanes.Rows12<GemmLanes.DistantRows, GemmLanes.WholeColumns>(a, b, sums, tile, g);

        public static void MultiplyNeighbours(FloatView a, FloatView b, FloatView sums, GemmLanes.Tile tile, GemmArguments g) =>
            GemmLanes.Rows12<GemmLanes.NeighbouringRows, GemmLanes.WholeColumns>(a, b, sums, tile, g);
    }

    /// <summary>As <see cref="ManyRows"/>, where all columns fit one vector.</summary>
    internal readonly struct ManyNarrowRows : ITile
    {
        public static int Rows => GemmLanes.ManyRows;

        public static int Vectors => 1;

        public static void MultiplyDistant(FloatView a, FloatView b, FloatView sums, GemmLanes.Tile tile, GemmArguments g) =>
            GemmLanes.NarrowRows12<GemmLanes.DistantRows>(a, b, sums, tile, g);

        public static void MultiplyNeighbours(FloatView a, FloatView b, FloatView sums, GemmLanes.Tile tile, GemmArguments g) =>
            GemmLanes.NarrowRows12<GemmLanes.NeighbouringRows>(a, b, sums, tile, g);
    }

    internal readonly struct FewRows : ITile
    {
        public static int Rows => GemmLanes.FewRows;

        public static int Vectors => 2;

        public static void MultiplyDistant(FloatView a, FloatView b, FloatView sums, GemmLanes.Tile tile, GemmArguments g) =>
            GemmLanes.Rows6<GemmLanes.DistantRows, GemmLanes.WholeColumns>(a, b, sums, tile, g);

        public static void MultiplyNeighbours(FloatView a, FloatView b, FloatView sums, GemmLanes.Tile tile, GemmArguments g) =>
            GemmLanes.Rows6<GemmLanes.NeighbouringRows, GemmLanes.WholeColumns>(a, b, sums, tile, g);
    }
}
