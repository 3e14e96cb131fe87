// The matrix that a convolution multiplies its weights with, which is never stored: row = pixel of the target, column = (tap row, tap
// column, channel) of the pixel's patch of the source, zero where the patch reaches over the edge (Chellapilla et al. 2006, "High
// performance convolutional neural networks for document processing").
//
//   forward          target pixel t takes source pixels s·t - p + i for the taps i = 0 … k-1
//   data gradient    pixel t of dx takes pixels (t + p - i) / s of dy for those taps i that divide. They are the same for every s-th t,
//                    so the target falls into s × s phases, each a convolution of stride 1 with some of the taps, last tap first.
//
// Where the columns of all phases together fit one panel, as on the way to the colours of an image, the phases are computed side by side:
// a row is then a block of s × s target pixels, its patch covers the patches of all of them, and taps that a phase does not have are zero
// weights. That is more arithmetic on paper and less in vectors, of which a phase alone would fill a small part. A forward pass of stride 1
// to the colours of an image takes blocks of 2 × 2 pixels for the same reason.
//
// In all, the patch of a pixel is a rectangle of the source whose rows lie in memory as they are wanted: channels are innermost.

using GpuVae.Kernels.Common;
using ILGPU.Algorithms;

namespace GpuVae.Kernels.Convolution;

/// <summary>A convolution as a product; the source is what is gathered, the target what is written.</summary>
internal struct PatchArguments
{
    /// <summary>Source [batch, height, width, channels].</summary>
    public int Batch, SourceHeight, SourceWidth, Channels;

    /// <summary>Target [batch, height, width, columns].</summary>
    public int TargetHeight, TargetWidth, Columns;

    /// <summary>Taps of one axis, and rows or columns of zeros around the convolution's input.</summary>
    public int Kernel, Padding;

    /// <summary>Source pixels from one target pixel of a phase to the next, and target pixels from one to the next.</summary>
    public int SourceStep, TargetStep;

    /// <summary>Whether this is the data gradient, phase by phase.</summary>
    public int IsGradient;

    /// <summary>
    /// Target pixels of a row, in both directions: 1, or the s of phases side by side. The target then has <see cref="BlockedHeight"/>,
    /// <see cref="BlockedWidth"/> and <see cref="BlockedChannels"/>; its extents above count blocks, its columns the numbers of a block.
    /// </summary>
    public int Block, BlockedHeight, BlockedWidth, BlockedChannels;

    /// <summary>Whether the weights are those of one pixel, to be spread over the pixels of a block.</summary>
    public int SpreadsWeights;

    /// <summary>
    /// How the work is cut: columns of the patches per slice, in rows of taps and columns of each; panels (or tiles) of columns and
    /// tiles (or segments) of rows per group.
    /// </summary>
    public int DepthBlock, SliceTaps, SliceLength, PanelsPerGroup, TilesPerGroup;

    /// <summary>
    /// On CPUs, neighbouring target pixels of a line that are taken together; 1 where pixels are taken together that need not be of one.
    /// </summary>
    public int SegmentPixels;

    /// <summary>Groups side by side, as they are numbered through.</summary>
    public int GroupsX;

    /// <summary>Cuts the columns of the patches into slices of some size at most.</summary>
    public void Slice(int capacity, int segmentPixels)
    {
        int taps = Blocks.Of(Kernel, TargetStep), run = taps * Channels;
        SliceTaps = Blocks.Of(taps, Blocks.Of(taps, Math.Max(capacity / run, 1)));
        SliceLength = Blocks.Of(run, Blocks.Of(run, capacity));
        DepthBlock = SliceTaps * SliceLength;
        SegmentPixels = segmentPixels;
    }

    /// <summary>Target pixels of a line of the largest phase, lines, and all its pixels.</summary>
    public readonly int PhaseWidth => Blocks.Of(TargetWidth, TargetStep);

    public readonly int PhaseLines => Batch * Blocks.Of(TargetHeight, TargetStep);

    public readonly int PhaseRows => PhaseLines * PhaseWidth;

    /// <summary>Columns of the patches of the largest phase.</summary>
    public readonly int PhaseDepth
    {
        get
        {
            int taps = Blocks.Of(Kernel, TargetStep);
            return taps * taps * Channels;
        }
    }
}

/// <summary>The pixels and taps of one phase along one axis.</summary>
internal readonly struct PatchAxis
{
    /// <summary>First target pixel and number of target pixels.</summary>
    public readonly int Offset, Extent;

    /// <summary>Where the first target pixel's patch starts in the source.</summary>
    public readonly int Origin;

    /// <summary>Number of taps; the kernel's tap that comes first in the patch, and from one to the next.</summary>
    public readonly int Taps, FirstTap, TapStep;

    public PatchAxis(int phase, int target, PatchArguments g)
    {
        int first = (phase + g.Padding) % g.TargetStep;
        int taps = (g.Kernel - first + g.TargetStep - 1) / g.TargetStep;
        bool isGradient = g.IsGradient != 0;
        Offset = phase;
        Extent = (target - phase + g.TargetStep - 1) / g.TargetStep;
        Taps = isGradient ? XMath.Max(taps, 0) : g.Kernel;
        Origin = isGradient ? (phase + g.Padding - first) / g.TargetStep - (Taps - 1) : -g.Padding;
        FirstTap = isGradient ? first + g.TargetStep * (Taps - 1) : 0;
        TapStep = isGradient ? -g.TargetStep : 1;
    }
}

/// <summary>The matrix of patches of one phase.</summary>
internal readonly struct Patches
{
    public readonly PatchAxis Y, X;

    /// <summary>Target pixels, numbered image by image.</summary>
    public readonly int Rows;

    /// <summary>Columns of the matrix, and those of one row of taps, which are neighbours in the source.</summary>
    public readonly int Depth, Run;

    public Patches(PatchArguments g, int phase)
    {
        Y = new PatchAxis(phase / g.TargetStep, g.TargetHeight, g);
        X = new PatchAxis(phase % g.TargetStep, g.TargetWidth, g);
        Rows = g.Batch * Y.Extent * X.Extent;
        Run = X.Taps * g.Channels;
        Depth = Y.Taps * Run;
    }

    /// <summary>The target pixel of a row.</summary>
    public int Pixel(PatchRow row, PatchArguments g) =>
        (row.Image * g.TargetHeight + row.Y * g.TargetStep + Y.Offset) * g.TargetWidth + row.X * g.TargetStep + X.Offset;

    /// <summary>The row of the stored weights [tap row, tap column, channel] that belongs to a column of the patches.</summary>
    public int WeightRow(int depth, PatchArguments g) => WeightRow(new PatchColumn(this, depth, g), g);

    public int WeightRow(PatchColumn at, PatchArguments g) =>
        ((Y.FirstTap + at.TapY * Y.TapStep) * g.Kernel + X.FirstTap + at.TapX * X.TapStep) * g.Channels + at.Channel;
}

/// <summary>A row of patches taken apart: a pixel of a phase's grid.</summary>
internal struct PatchRow
{
    public int Image, Y, X;

    public PatchRow(Patches patches, int row)
    {
        int line = row / patches.X.Extent;
        X = row - line * patches.X.Extent;
        Image = line / patches.Y.Extent;
        Y = line - Image * patches.Y.Extent;
    }

    /// <summary>The first pixel of a segment, of which a line has some.</summary>
    public PatchRow(Patches patches, int segment, int perLine, int segmentPixels)
    {
        int line = segment / perLine;
        X = (segment - line * perLine) * segmentPixels;
        Image = line / patches.Y.Extent;
        Y = line - Image * patches.Y.Extent;
    }

    /// <summary>Goes on to the next row.</summary>
    public void Advance(Patches patches)
    {
        X++;
        if (X < patches.X.Extent)
            return;
        X = 0;
        Y++;
        if (Y < patches.Y.Extent)
            return;
        Y = 0;
        Image++;
    }

    /// <summary>The first row, and column, of the patch in the source; negative where it reaches over the edge.</summary>
    public readonly int Top(Patches patches, PatchArguments g) => Y * g.SourceStep + patches.Y.Origin;

    public readonly int Left(Patches patches, PatchArguments g) => X * g.SourceStep + patches.X.Origin;
}

/// <summary>
/// Columns of the patches of a phase that are multiplied at a time: some rows of taps as a whole, or a part of one.
/// </summary>
internal struct PatchSlice
{
    /// <summary>Rows of taps, and the columns of each of them that belong to the slice.</summary>
    public int FirstTap, Taps, Start, Length;

    /// <summary>Elements from one pixel to the next, and from one row of taps to the next, of copied patches.</summary>
    public int Pitch, LinePitch;

    public bool IsFirst, IsLast;

    /// <summary>The first slice.</summary>
    public PatchSlice(Patches patches, PatchArguments g)
    {
        this = default;
        IsFirst = true;
        Measure(patches, g);
    }

    /// <summary>A slice by its number.</summary>
    public PatchSlice(Patches patches, PatchArguments g, int number)
    {
        this = default;
        int perRun = (patches.Run + g.SliceLength - 1) / g.SliceLength;
        FirstTap = number / perRun * g.SliceTaps;
        Start = number % perRun * g.SliceLength;
        Measure(patches, g);
    }

    public readonly int Depth => Taps * Length;

    public readonly int FirstColumn(Patches patches) => FirstTap * patches.Run + Start;

    public readonly bool Exists(Patches patches) => FirstTap < patches.Y.Taps && patches.Run > 0;

    /// <summary>Goes on to the next slice.</summary>
    public void Advance(Patches patches, PatchArguments g)
    {
        Start += Length;
        bool endsRun = Start >= patches.Run;
        Start = endsRun ? 0 : Start;
        FirstTap = endsRun ? FirstTap + XMath.Max(Taps, 1) : FirstTap;
        IsFirst = false;
        Measure(patches, g);
    }

    private void Measure(Patches patches, PatchArguments g)
    {
        Length = XMath.Min(patches.Run - Start, g.SliceLength);
        Taps = XMath.Min(patches.Y.Taps - FirstTap, g.SliceTaps);
        IsLast = patches.Y.Taps == 0 || (FirstTap + Taps >= patches.Y.Taps && Start + Length >= patches.Run);
        int step = g.SourceStep * g.Channels;
        Pitch = XMath.Min(step, Length);
        LinePitch = (g.SegmentPixels - 1) * Pitch + Length;
    }
}

/// <summary>Where a column of the product belongs in a target that is computed in blocks of pixels.</summary>
internal readonly struct BlockPlace
{
    /// <summary>Row and column in the block, and channel.</summary>
    public readonly int Y, X, Channel;

    private readonly bool isColumn;

    public BlockPlace(int column, PatchArguments g)
    {
        int place = column / g.BlockedChannels;
        Channel = column - place * g.BlockedChannels;
        Y = place / g.Block;
        X = place - Y * g.Block;
        isColumn = column < g.Columns;
    }

    /// <summary>Blocks may reach over the edge, and panels over the last column.</summary>
    public bool Exists(PatchRow row, PatchArguments g) =>
        isColumn && row.Y * g.Block + Y < g.BlockedHeight && row.X * g.Block + X < g.BlockedWidth;

    /// <summary>
    /// The element of one pixel's weights that spread weights have for a column of the patches; -1 where the place has no such tap.
    /// </summary>
    public int Weight(PatchColumn at, PatchArguments g)
    {
        int taps = g.Kernel + 1 - g.Block, tapY = at.TapY - Y, tapX = at.TapX - X;
        bool exists = isColumn && tapY >= 0 && tapY < taps && tapX >= 0 && tapX < taps;
        return exists ? ((tapY * taps + tapX) * g.Channels + at.Channel) * g.BlockedChannels + Channel : -1;
    }

    public int Pixel(PatchRow row, PatchArguments g) =>
        (row.Image * g.BlockedHeight + row.Y * g.Block) * g.BlockedWidth + row.X * g.Block + Y * g.BlockedWidth + X;
}

/// <summary>A column of patches taken apart.</summary>
internal readonly struct PatchColumn
{
    public readonly int TapY, TapX, Channel;

    public PatchColumn(Patches patches, int depth, PatchArguments g)
    {
        int tap = depth / g.Channels;
        Channel = depth - tap * g.Channels;
        TapY = tap / patches.X.Taps;
        TapX = tap - TapY * patches.X.Taps;
    }
}
