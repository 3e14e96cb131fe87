// The products of Convolution.cs for CPUs, and what ConvolutionWeightGradient.cs shares with them: a group is one warp, and lanes own columns.
// Target pixels are taken in segments of a line. The lines of the source that a segment's patches cover are copied to shared memory, which
// on a CPU is a worker's own scratch: they lie in the first-level cache, edges become zeros on the way, and neighbouring patches are read
// from one copy, a pixel's step apart. The micro-kernel walks along the lines with the sums of some pixels in registers.

using GpuVae.Kernels.Gemm;
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

    /// <summary>Neighbouring target pixels of a line that are computed together.</summary>
    public const int SegmentPixels = 16;

    /// <summary>target = epilogue(patches(source)·weight), the weights with one row per column of the patches.</summary>
    public static void Kernel<TTile, TEpilogue>(FloatView source, FloatView weight, FloatView target, PatchArguments g, TEpilogue epilogue)
        where TTile : struct, ISegmentTile
        where TEpilogue : struct, IEpilogue
    {
        FloatView lines = SharedMemory.Allocate<float>(SegmentPixels * MaxDepth);
        FloatView slice = SharedMemory.Allocate<float>(SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(SegmentPixels * 2 * GemmLanes.MaxWarp);
        int phases = g.TargetStep * g.TargetStep;
        int block = Grid.IdxX / g.GroupsX;
        var patches = new Patches(g, block % phases);
        int width = TTile.Vectors * Group.DimX;
        int panel0 = Grid.IdxX % g.GroupsX * g.PanelsPerGroup;
        int panels = XMath.Min(g.PanelsPerGroup, (g.Columns + width - 1) / width - panel0);
        int perLine = (patches.X.Extent + SegmentPixels - 1) / SegmentPixels;
        int first = block / phases * g.TilesPerGroup;
        int end = XMath.Min(first + g.TilesPerGroup, g.Batch * patches.Y.Extent * perLine);
        var part = new PatchSlice(patches, g);
        // Of depth 0 there is still one slice: it stores zeros.
        do
        {
            for (int panel = 0; panel < panels; panel++)
            {
                int column0 = (panel0 + panel) * width;
                StageWeights<TTile>(weight, slice, panel * g.DepthBlock * width, column0, part.FirstColumn(patches), part.Depth, patches, g);
            }
            Group.Barrier();
            for (int segment = first; segment < end; segment++)
            {
                var from = new PatchRow(patches, segment, perLine, SegmentPixels);
                int count = XMath.Min(SegmentPixels, patches.X.Extent - from.X);
                int padded = (count + TTile.Rows - 1) / TTile.Rows * TTile.Rows;
                Gather(source, lines, 0, from, padded, part, patches, g);
                Group.Barrier();
                for (int panel = 0; panel < panels; panel++)
                {
                    int column = (panel0 + panel) * width + Group.IdxX;
                    for (int r = 0; r < padded; r += TTile.Rows)
                        TTile.Multiply(lines, slice, sums, new Walk(part, r, panel * g.DepthBlock * width + Group.IdxX));
                    if (g.Block == 1 && (panel0 + panel + 1) * width <= g.Columns)
                    {
                        StoreWhole(sums, target, patches.Pixel(from, g), count, column, part, TTile.Vectors, g, epilogue);
                        continue;
                    }
                    for (int half = 0; half < TTile.Vectors; half++)
                    {
                        int own = column + half * Group.DimX;
                        if (g.Block > 1)
                            StoreBlocks(sums, target, from, count, half, new BlockPlace(own, g), part, TTile.Vectors, g, epilogue);
                        else if (own < g.Columns)
                            StorePixels(sums, target, patches.Pixel(from, g), count, half, own, part, TTile.Vectors, g, epilogue);
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
        FloatView sums, FloatView target, int pixel, int count, int column, PatchSlice part, int vectors, PatchArguments g,
        TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        int from = Group.IdxX;
        for (int r = 0; r < count; r++)
        {
            for (int vector = 0; vector < vectors; vector++)
            {
                Store(sums[from], target, pixel, column + vector * Group.DimX, g.Columns, part, epilogue);
                from += Group.DimX;
            }
            pixel += g.TargetStep;
        }
    }

    private static void StorePixels<TEpilogue>(
        FloatView sums, FloatView target, int pixel, int count, int half, int column, PatchSlice part, int vectors, PatchArguments g,
        TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        for (int r = 0; r < count; r++)
        {
            float sum = sums[(vectors * r + half) * Group.DimX + Group.IdxX];
            Store(sum, target, pixel, column, g.Columns, part, epilogue);
            pixel += g.TargetStep;
        }
    }

    private static void StoreBlocks<TEpilogue>(
        FloatView sums, FloatView target, PatchRow from, int count, int half, BlockPlace place, PatchSlice part, int vectors,
        PatchArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        for (int r = 0; r < count; r++)
        {
            float sum = sums[(vectors * r + half) * Group.DimX + Group.IdxX];
            if (place.Exists(from, g))
                Store(sum, target, place.Pixel(from, g), place.Channel, g.BlockedChannels, part, epilogue);
            from.X++;
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
    private static void StageWeights<TTile>(
        FloatView weight, FloatView slice, int to, int column0, int k0, int depth, Patches patches, PatchArguments g)
        where TTile : struct, ISegmentTile
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
        float sum, FloatView target, int pixel, int column, int columns, PatchSlice part, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        int at = pixel * columns + column;
        // Between slices the sums wait in the target.
        float value = part.IsFirst ? sum : sum + target[at];
        target[at] = part.IsLast ? epilogue.Apply(value, pixel, column) : value;
    }

    private static void Pixels8(FloatView a, FloatView b, FloatView sums, Walk walk)
    {
        GemmLanes.Row2 r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        int line = walk.AtA, atB = walk.AtB;
        for (int tap = 0; tap < walk.Lines; tap++)
        {
            int atA = line;
            for (int k = 0; k < walk.Length; k++)
            {
                float b0 = b[atB], b1 = b[atB + Group.DimX];
                r0.Add(a[atA], b0, b1);
                r1.Add(a[atA + walk.Pitch], b0, b1);
                r2.Add(a[atA + 2 * walk.Pitch], b0, b1);
                r3.Add(a[atA + 3 * walk.Pitch], b0, b1);
                r4.Add(a[atA + 4 * walk.Pitch], b0, b1);
                r5.Add(a[atA + 5 * walk.Pitch], b0, b1);
                r6.Add(a[atA + 6 * walk.Pitch], b0, b1);
                r7.Add(a[atA + 7 * walk.Pitch], b0, b1);
                atA++;
                atB += 2 * Group.DimX;
            }
            line += walk.LinePitch;
        }
        r0.Keep(sums, walk.Row);
        r1.Keep(sums, walk.Row + 1);
        r2.Keep(sums, walk.Row + 2);
        r3.Keep(sums, walk.Row + 3);
        r4.Keep(sums, walk.Row + 4);
        r5.Keep(sums, walk.Row + 5);
        r6.Keep(sums, walk.Row + 6);
        r7.Keep(sums, walk.Row + 7);
    }

    private static void Pixels4(FloatView a, FloatView b, FloatView sums, Walk walk)
    {
        GemmLanes.Row2 r0 = default, r1 = default, r2 = default, r3 = default;
        int line = walk.AtA, atB = walk.AtB;
        for (int tap = 0; tap < walk.Lines; tap++)
        {
            int atA = line;
            for (int k = 0; k < walk.Length; k++)
            {
                float b0 = b[atB], b1 = b[atB + Group.DimX];
                r0.Add(a[atA], b0, b1);
                r1.Add(a[atA + walk.Pitch], b0, b1);
                r2.Add(a[atA + 2 * walk.Pitch], b0, b1);
                r3.Add(a[atA + 3 * walk.Pitch], b0, b1);
                atA++;
                atB += 2 * Group.DimX;
            }
            line += walk.LinePitch;
        }
        r0.Keep(sums, walk.Row);
        r1.Keep(sums, walk.Row + 1);
        r2.Keep(sums, walk.Row + 2);
        r3.Keep(sums, walk.Row + 3);
    }

    private static void NarrowPixels16(FloatView a, FloatView b, FloatView sums, Walk walk)
    {
        float r0 = 0f, r1 = 0f, r2 = 0f, r3 = 0f, r4 = 0f, r5 = 0f, r6 = 0f, r7 = 0f, r8 = 0f, r9 = 0f, r10 = 0f, r11 = 0f, r12 = 0f, r13 = 0f, r14 = 0f, r15 = 0f;
        int line = walk.AtA, atB = walk.AtB;
        for (int tap = 0; tap < walk.Lines; tap++)
        {
            int atA = line;
            for (int k = 0; k < walk.Length; k++)
            {
                float b0 = b[atB];
                r0 += a[atA] * b0;
                r1 += a[atA + walk.Pitch] * b0;
                r2 += a[atA + 2 * walk.Pitch] * b0;
                r3 += a[atA + 3 * walk.Pitch] * b0;
                r4 += a[atA + 4 * walk.Pitch] * b0;
                r5 += a[atA + 5 * walk.Pitch] * b0;
                r6 += a[atA + 6 * walk.Pitch] * b0;
                r7 += a[atA + 7 * walk.Pitch] * b0;
                r8 += a[atA + 8 * walk.Pitch] * b0;
                r9 += a[atA + 9 * walk.Pitch] * b0;
                r10 += a[atA + 10 * walk.Pitch] * b0;
                r11 += a[atA + 11 * walk.Pitch] * b0;
                r12 += a[atA + 12 * walk.Pitch] * b0;
                r13 += a[atA + 13 * walk.Pitch] * b0;
                r14 += a[atA + 14 * walk.Pitch] * b0;
                r15 += a[atA + 15 * walk.Pitch] * b0;
                atA++;
                atB += Group.DimX;
            }
            line += walk.LinePitch;
        }
        int at = walk.Row * Group.DimX + Group.IdxX;
        sums[at] = r0;
        sums[at + Group.DimX] = r1;
        sums[at + 2 * Group.DimX] = r2;
        sums[at + 3 * Group.DimX] = r3;
        sums[at + 4 * Group.DimX] = r4;
        sums[at + 5 * Group.DimX] = r5;
        sums[at + 6 * Group.DimX] = r6;
        sums[at + 7 * Group.DimX] = r7;
        sums[at + 8 * Group.DimX] = r8;
        sums[at + 9 * Group.DimX] = r9;
        sums[at + 10 * Group.DimX] = r10;
        sums[at + 11 * Group.DimX] = r11;
        sums[at + 12 * Group.DimX] = r12;
        sums[at + 13 * Group.DimX] = r13;
        sums[at + 14 * Group.DimX] = r14;
        sums[at + 15 * Group.DimX] = r15;
    }

    /// <summary>Where the micro-kernel goes: pixels a pitch apart, and lines of the source.</summary>
    internal readonly struct Walk(PatchSlice part, int row, int atB)
    {
        public readonly int Row = row, AtA = row * part.Pitch, AtB = atB, Pitch = part.Pitch;
        public readonly int Lines = part.Taps, LinePitch = part.LinePitch, Length = part.Length;
    }

    /// <summary>The micro-kernel of a number of neighbouring pixels, and of vectors of columns.</summary>
    internal interface ISegmentTile
    {
        /// <summary>Divides <see cref="SegmentPixels"/>.</summary>
        static abstract int Rows { get; }

        static abstract int Vectors { get; }

        static abstract void Multiply(FloatView a, FloatView b, FloatView sums, Walk walk);
    }

    /// <summary>For 32 registers.</summary>
    internal readonly struct ManyPixels : ISegmentTile
    {
        public static int Rows => 8;

        public static int Vectors => 2;

        public static void Multiply(FloatView a, FloatView b, FloatView sums, Walk walk) => Pixels8(a, b, sums, walk);
    }

    /// <summary>For 16 registers.</summary>
    internal readonly struct FewPixels : ISegmentTile
    {
        public static int Rows => 4;

        public static int Vectors => 2;

        public static void Multiply(FloatView a, FloatView b, FloatView sums, Walk walk) => Pixels4(a, b, sums, walk);
    }

    /// <summary>Where all columns fit one vector, and half of the arithmetic of two would be in vain.</summary>
    internal readonly struct ManyNarrowPixels : ISegmentTile
    {
        public static int Rows => 16;

        public static int Vectors => 1;

        public static void Multiply(FloatView a, FloatView b, FloatView sums, Walk walk) => NarrowPixels16(a, b, sums, walk);
    }
}
