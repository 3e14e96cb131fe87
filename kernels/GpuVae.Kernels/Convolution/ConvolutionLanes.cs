// The products of Convolution.cs for CPUs, and what ConvolutionWeightGradient.cs shares with them: a group is one warp, lanes own columns.
// Target pixels are taken in segments of a line. The lines of the source that a segment's patches cover are copied to shared memory, which
// on a CPU is a worker's own scratch: they lie in the first-level cache, edges become zeros on the way, and neighbouring patches are read
// from one copy, a pixel's step apart. The micro-kernel walks along the lines with the sums of some pixels in registers. Where lines are so
// short that many of these would be in vain, the pixels may be of several lines, and each one's patch is copied by itself.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Simd;
using ILGPU;
using ILGPU.Algorithms;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Convolution;

internal static class ConvolutionLanes
{
    /// <summary>Columns of the patches that a slice has at most, and panels that share one copy of them.</summary>
    public const int MaxDepth = 288, MaxPanels = 4;

    /// <summary>Shared memory for the slices of a group's panels of weights: 160 KiB.</summary>
    public const int SliceElements = 5 << 13;

    /// <summary>Target pixels that are computed together; any <see cref="IPixelSums"/> divides them.</summary>
    public const int SegmentPixels = 16;

    /// <summary>target = epilogue(patches(source)·weight), the weights with one row per column of the patches.</summary>
    public static void Kernel<TSums, TEpilogue>(FloatView source, FloatView weight, FloatView target, PatchArguments g, TEpilogue epilogue)
        where TSums : struct, IPixelSums
        where TEpilogue : struct, IEpilogue
    {
        FloatView lines = SharedMemory.Allocate<float>(SegmentPixels * MaxDepth);
        FloatView slice = SharedMemory.Allocate<float>(SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(SegmentPixels * 2 * GemmLanes.MaxWarp);
        int phases = g.TargetStep * g.TargetStep;
        int block = Grid.IdxX / g.GroupsX;
        var patches = new Patches(g, block % phases);
        int width = TSums.Vectors * Group.DimX;
        int panel0 = Grid.IdxX % g.GroupsX * g.PanelsPerGroup;
        int panels = XMath.Min(g.PanelsPerGroup, (g.Columns + width - 1) / width - panel0);
        bool followsLines = g.SegmentPixels > 1;
        int perLine = (patches.X.Extent + SegmentPixels - 1) / SegmentPixels;
        int segments = followsLines ? g.Batch * patches.Y.Extent * perLine : (patches.Rows + SegmentPixels - 1) / SegmentPixels;
        int first = block / phases * g.TilesPerGroup, end = XMath.Min(first + g.TilesPerGroup, segments);
        var part = new PatchSlice(patches, g);
        // Of depth 0 there is still one slice: it stores zeros.
        do
        {
            for (int panel = 0; panel < panels; panel++)
            {
                int to = panel * g.DepthBlock * width, column0 = (panel0 + panel) * width;
                if (g.SpreadsWeights != 0)
                    SpreadWeights<TSums>(weight, slice, to, column0, part.FirstColumn(patches), part.Depth, patches, g);
                else
                    StageWeights<TSums>(weight, slice, to, column0, part.FirstColumn(patches), part.Depth, patches, g);
            }
            Group.Barrier();
            for (int segment = first; segment < end; segment++)
            {
                int row = segment * SegmentPixels;
                PatchRow from = followsLines ? new(patches, segment, perLine, SegmentPixels) : new(patches, row);
                int count = XMath.Min(SegmentPixels, followsLines ? patches.X.Extent - from.X : patches.Rows - row);
                int padded = (count + TSums.Rows - 1) / TSums.Rows * TSums.Rows;
                if (followsLines)
                    Gather(source, lines, 0, from, padded, part, patches, g);
                else
                    GatherEach(source, lines, row, padded, part, patches, g);
                Group.Barrier();
                for (int panel = 0; panel < panels; panel++)
                {
                    int column = (panel0 + panel) * width + Group.IdxX;
                    int atB = panel * g.DepthBlock * width + Group.IdxX;
                    int pitch = followsLines ? part.Pitch : part.Depth;
                    for (int r = 0; r < padded; r += TSums.Rows)
                        Multiply<TSums>(lines, slice, sums, new Walk(r, r * pitch, pitch, atB, part.Taps, part.LinePitch, part.Length, 1));
                    if (g.Block > 1)
                    {
                        Group.Barrier();
                        StoreBlocks(sums, target, from, count, part, TSums.Vectors, g, epilogue);
                        continue;
                    }
                    if ((panel0 + panel + 1) * width <= g.Columns)
                    {
                        StoreWhole(sums, target, patches, from, count, column, part, TSums.Vectors, g, epilogue);
                        continue;
                    }
                    for (int half = 0; half < TSums.Vectors; half++)
                    {
                        int own = column + half * Group.DimX;
                        if (own < g.Columns)
                            StorePixels(sums, target, patches, from, count, half, own, part, TSums.Vectors, g, epilogue);
                    }
                }
                Group.Barrier();
            }
            part.Advance(patches, g);
        }
        while (part.Exists(patches));
    }

    /// <summary>All columns of the panel exist, so that no store has to be masked.</summary>
    private static void StoreWhole<TEpilogue>(
        FloatView sums, FloatView target, Patches patches, PatchRow to, int count, int column, PatchSlice part, int vectors,
        PatchArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        int from = Group.IdxX;
        for (int r = 0; r < count; r++)
        {
            int pixel = patches.Pixel(to, g);
            for (int vector = 0; vector < vectors; vector++)
            {
                int own = column + vector * Group.DimX;
                Store(sums[from], target, pixel * g.Columns + own, pixel, own, part, epilogue);
                from += Group.DimX;
            }
            to.Advance(patches);
        }
    }

    private static void StorePixels<TEpilogue>(
        FloatView sums, FloatView target, Patches patches, PatchRow to, int count, int half, int column, PatchSlice part, int vectors,
        PatchArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        for (int r = 0; r < count; r++)
        {
            float sum = sums[(vectors * r + half) * Group.DimX + Group.IdxX];
            int pixel = patches.Pixel(to, g);
            Store(sum, target, pixel * g.Columns + column, pixel, column, part, epilogue);
            to.Advance(patches);
        }
    }

    /// <summary>
    /// The numbers of a block's line are neighbours in the target and among the sums, which other lanes have made; those of the next block
    /// follow in the target. All columns are those of one panel.
    /// </summary>
    private static void StoreBlocks<TEpilogue>(
        FloatView sums, FloatView target, PatchRow from, int count, PatchSlice part, int vectors, PatchArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        int channels = g.BlockedChannels, run = g.Block * channels, ahead = vectors * Group.DimX - run;
        int length = XMath.Min(count * run, (g.BlockedWidth - from.X * g.Block) * channels);
        // Quotients of numbers below 2^10 by what is below 2^6.
        int perRun = ((1 << 16) + run - 1) / run, perPixel = ((1 << 16) + channels - 1) / channels;
        for (int y = 0; y < XMath.Min(g.Block, g.BlockedHeight - from.Y * g.Block); y++)
        {
            int first = (from.Image * g.BlockedHeight + from.Y * g.Block + y) * g.BlockedWidth + from.X * g.Block;
            for (int i = Group.IdxX; i < length; i += Group.DimX)
            {
                int block = i * perRun >> 16, pixel = i * perPixel >> 16;
                float sum = sums[block * ahead + y * run + i];
                Store(sum, target, first * channels + i, first + pixel, i - pixel * channels, part, epilogue);
            }
        }
    }

    /// <summary>
    /// Copies what the patches of neighbouring pixels of a line have in a slice. Patches that overlap share their elements: a line of the
    /// source then lies in one piece, and the patches a pixel's step apart.
    /// </summary>
    public static void Gather(
        FloatView source, FloatView lines, int start, PatchRow from, int pixels, PatchSlice part, Patches patches, PatchArguments g)
    {
        int step = g.SourceStep * g.Channels, line = g.SourceWidth * g.Channels;
        bool overlaps = part.Pitch == step;
        int pieces = overlaps ? 1 : pixels, length = overlaps ? (pixels - 1) * step + part.Length : part.Length;
        for (int tap = 0; tap < part.Taps; tap++)
        {
            int y = from.Top(patches, g) + part.FirstTap + tap;
            int first = from.Left(patches, g) * g.Channels + part.Start;
            for (int piece = 0; piece < pieces; piece++)
            {
                // The part of the piece that lies inside the source.
                int low = XMath.Min(XMath.Max(-first, 0), length), high = XMath.Max(XMath.Min(line - first, length), low);
                high = y >= 0 && y < g.SourceHeight ? high : low;
                int to = start + tap * part.LinePitch + piece * part.Pitch;
                Clear(lines, to, low);
                Copy(source, (from.Image * g.SourceHeight + y) * line + first + low, lines, to + low, high - low);
                Clear(lines, to + high, length - high);
                first += step;
            }
        }
    }

    /// <summary>Copies the patches of pixels that need not be of one line, each by itself; beyond the last row it stands in.</summary>
    private static void GatherEach(
        FloatView source, FloatView lines, int row, int pixels, PatchSlice part, Patches patches, PatchArguments g)
    {
        for (int r = 0; r < pixels; r++)
        {
            var from = new PatchRow(patches, XMath.Min(row + r, patches.Rows - 1));
            Gather(source, lines, r * part.Depth, from, 1, part, patches, g);
        }
    }

    public static void Clear(FloatView target, int to, int length)
    {
        for (int first = 0; first < length; first += Group.DimX)
        {
            if (first + Group.IdxX < length)
                target[to + first + Group.IdxX] = 0f;
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

    /// <summary>Lays out the weights of a panel, its vectors per column of the patches, zero beyond the product's last column.</summary>
    private static void StageWeights<TSums>(
        FloatView weight, FloatView slice, int to, int column0, int k0, int depth, Patches patches, PatchArguments g)
        where TSums : struct, IPixelSums
    {
        int column = column0 + Group.IdxX;
        bool whole = column0 + TSums.Vectors * Group.DimX <= g.Columns;
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
                    if (TSums.Vectors > 1)
                        slice[to + Group.DimX] = weight[from + Group.DimX];
                }
                else
                {
                    slice[to] = column < g.Columns ? weight[from] : 0f;
                    if (TSums.Vectors > 1)
                        slice[to + Group.DimX] = column + Group.DimX < g.Columns ? weight[from + Group.DimX] : 0f;
                }
                from += g.Columns;
                to += TSums.Vectors * Group.DimX;
            }
        }
    }

    /// <summary>As <see cref="StageWeights{TSums}"/>, from the weights of one pixel to those of a block.</summary>
    private static void SpreadWeights<TSums>(
        FloatView weight, FloatView slice, int to, int column0, int k0, int depth, Patches patches, PatchArguments g)
        where TSums : struct, IPixelSums
    {
        for (int vector = 0; vector < TSums.Vectors; vector++)
        {
            var place = new BlockPlace(column0 + vector * Group.DimX + Group.IdxX, g);
            for (int k = 0; k < depth; k++)
            {
                int from = place.Weight(new PatchColumn(patches, k0 + k, g), g);
                slice[to + (k * TSums.Vectors + vector) * Group.DimX + Group.IdxX] = from >= 0 ? weight[from] : 0f;
            }
        }
    }

    private static void Store<TEpilogue>(
        float sum, FloatView target, int at, int pixel, int column, PatchSlice part, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        // Between slices the sums wait in the target.
        float value = part.IsFirst ? sum : sum + target[at];
        target[at] = part.IsLast ? epilogue.Apply(value, pixel, column) : value;
    }

    /// <summary>The micro-kernel: the sums of some rows over all that the walk comes by.</summary>
    public static void Multiply<TSums>(FloatView a, FloatView b, FloatView sums, Walk walk)
        where TSums : struct, IRowSums
    {
        var rows = default(TSums);
        int line = walk.AtA, atB = walk.AtB;
        for (int i = 0; i < walk.Lines; i++)
        {
            int atA = line;
            for (int k = 0; k < walk.Length; k++)
            {
                float b0 = b[atB], b1 = TSums.Vectors > 1 ? b[atB + Group.DimX] : 0f;
                rows.Add(a, atA, walk.RowPitch, b0, b1);
                atA += walk.Step;
                atB += TSums.Vectors * Group.DimX;
            }
            line += walk.LinePitch;
        }
        rows.Keep(sums, walk.Row);
    }

    /// <summary>Where the micro-kernel goes.</summary>
    /// <param name="row">Where its sums belong.</param>
    /// <param name="atA">Its first element of the lines.</param>
    /// <param name="rowPitch">Elements of the lines from one of its rows to the next.</param>
    /// <param name="atB">Its first element of the other operand, which it goes through from front to back.</param>
    /// <param name="lines">Lines.</param>
    /// <param name="linePitch">Elements from one to the next.</param>
    /// <param name="length">Elements of a line to multiply.</param>
    /// <param name="step">Elements from one of these to the next.</param>
    internal readonly struct Walk(int row, int atA, int rowPitch, int atB, int lines, int linePitch, int length, int step)
    {
        public readonly int Row = row, AtA = atA, RowPitch = rowPitch, AtB = atB;
        public readonly int Lines = lines, LinePitch = linePitch, Length = length, Step = step;
    }
}
