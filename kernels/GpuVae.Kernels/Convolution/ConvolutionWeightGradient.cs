// The gradient of a convolution to its weights and biases, an implicit matrix product whose depth are the pixels (ConvolutionPatches.cs):
//
//   dw[ky, kx, i, o] = Σ_{b, oy, ox} x[b, s·oy - p + ky, s·ox - p + kx, i] · dy[b, oy, ox, o]
//   db[c]            = Σ_pixels g[pixel, c], where g is the gradient of what the biases were added to
//
// With x and dy exchanged for gradient and input it is that of a transposed convolution, whose biases belong to the large image. Where the
// stride is 1, dw is also found by the patches of dy instead of those of x, last tap first: the colours of an image, of which there are
// three, are better rows of dw than columns.
//
// The result is small and the depth large, so pixels are cut into parts, each with sums of its own, which a last launch adds in order: the
// result depends on the sizes and the device's number of cores, not on scheduling.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Simd;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Convolution;

/// <summary>dw and db of a convolution.</summary>
public sealed class ConvolutionWeightGradient
{
    // Rows of dw per group (a multiple of all tiles).
    private const int SliceRows = 192;

    // Pixels taken at a time, and elements of both operands, which stay in the second-level cache: 216 KiB.
    private const int MaxChunkPixels = 192, ChunkElements = 54 << 10;

    // A tile may reach over the last row by less than its own.
    private const int MaxOvershoot = 16;

    // Enough parts to fill a large GPU; more would cost more in adding them up.
    private const int MaxParts = 64;

    private readonly ConvolutionBlocking blocking;
    private readonly int groupSize;
    private readonly Accelerator accelerator;
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, WeightGradientArguments> sumRows;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int, Exchange> add;
    private Launcher? product, narrowProduct;

    /// <summary>Loads the kernels.</summary>
    public ConvolutionWeightGradient(Accelerator accelerator)
    {
        this.accelerator = accelerator;
        blocking = new ConvolutionBlocking(accelerator);
        groupSize = GroupShapes.ForRow(accelerator);
        sumRows = accelerator.LoadKernel<FloatView, FloatView, WeightGradientArguments>(SumRowsKernel);
        add = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int, Exchange>(AddKernel);
    }

    private delegate void Launcher(
        AcceleratorStream stream, KernelConfig config, FloatView x, FloatView dy, FloatView parts, WeightGradientArguments arguments);

    /// <summary>Elements of scratch that <see cref="Run"/> needs.</summary>
    public int ScratchLength(ConvolutionShape shape)
    {
        WeightGradientArguments a = Cut(PaysExchange(shape) ? shape.Exchanged : shape, biases: Math.Max(shape.Inputs, shape.Outputs));
        return a.Parts * a.PartLength;
    }

    /// <summary>Overwrites dw and db.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="shape">The convolution; for a transposed one that of which it is the data gradient.</param>
    /// <param name="x">[batch, height, width, inputs].</param>
    /// <param name="dy">[batch, output height, output width, outputs].</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, overwritten.</param>
    /// <param name="dw">[k, k, inputs, outputs], written.</param>
    /// <param name="db">[outputs], or [inputs] where <paramref name="isTransposed"/>; written.</param>
    /// <param name="isTransposed">Whether the biases belong to x, which then is the gradient, rather than to dy.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the padding negative.</exception>
    /// <exception cref="ArgumentException">The kernel is larger than the padded image, or the scratch too short.</exception>
    public void Run(
        AcceleratorStream stream, ConvolutionShape shape, FloatView x, FloatView dy, FloatView scratch, FloatView dw, FloatView db,
        bool isTransposed)
    {
        shape.Check();
        bool exchanges = PaysExchange(shape);
        ConvolutionShape computed = exchanges ? shape.Exchanged : shape;
        WeightGradientArguments a = Cut(computed, isTransposed ? shape.Inputs : shape.Outputs);
        int needed = a.Parts * a.PartLength;
        if (scratch.Length < needed)
            throw new ArgumentException($"The scratch needs {needed} elements, but its view has {scratch.Length}.");
        a.BiasRows = isTransposed ? shape.Batch * shape.Height * shape.Width : shape.Batch * shape.OutputHeight * shape.OutputWidth;
        LauncherFor(computed)(stream, (new Index2D(a.Patches.GroupsX * a.Slices * a.Parts, 1), blocking.Group), exchanges ? dy : x,
            exchanges ? x : dy, scratch, a);
        sumRows(stream, (a.Parts, groupSize), isTransposed ? x : dy, scratch, a);
        add(stream, a.PartLength, scratch.SubView(0, needed), dw.SubView(0, shape.Weights), db, a.Parts,
            exchanges ? new Exchange(shape) : default);
    }

    // Tiles of the result, of which the last ones of rows and columns may be nearly empty.
    private bool PaysExchange(ConvolutionShape shape) =>
        shape.Stride == 1 && shape.Padding < shape.Kernel && 5 * TileElements(shape.Exchanged) <= 4 * TileElements(shape);

    private int TileElements(ConvolutionShape shape)
    {
        int columns = TileColumns(shape), rows = columns;
        if (blocking.UsesLanes)
            rows = IsNarrow(shape) ? NarrowRows16.Rows : blocking.HasManyRegisters ? Rows12.Rows : Rows6.Rows;
        return Blocks.Of(shape.Kernel * shape.Kernel * shape.Inputs, rows) * rows * Blocks.Of(shape.Outputs, columns) * columns;
    }

    private int TileColumns(ConvolutionShape shape) => IsNarrow(shape) ? blocking.TileColumns / 2 : blocking.TileColumns;

    // With one vector of columns, half of the arithmetic of two would be in vain.
    private bool IsNarrow(ConvolutionShape shape) =>
        blocking.UsesLanes && blocking.HasManyRegisters && shape.Outputs <= blocking.TileColumns / 2;

    private Launcher LauncherFor(ConvolutionShape shape)
    {
        if (!blocking.UsesLanes)
            return product ??= Load(TileKernel);
        if (!blocking.HasManyRegisters)
            return product ??= Load(LaneKernel<Rows6>);
        return IsNarrow(shape) ? narrowProduct ??= Load(LaneKernel<NarrowRows16>) : product ??= Load(LaneKernel<Rows12>);
    }

    private Launcher Load(Action<FloatView, FloatView, FloatView, WeightGradientArguments> kernel) => new(accelerator.LoadKernel(kernel));

    private WeightGradientArguments Cut(ConvolutionShape shape, int biases)
    {
        PatchArguments g = shape.Forward;
        int rows = g.PhaseDepth, pixels = g.PhaseRows, width = TileColumns(shape), panels = Blocks.Of(g.Columns, width);
        var a = new WeightGradientArguments { BiasChannels = biases, PartLength = shape.Weights + biases };
        if (blocking.UsesLanes)
        {
            g.PanelsPerGroup = Math.Min(panels, ConvolutionLanes.MaxPanels);
            g.GroupsX = Blocks.Of(panels, g.PanelsPerGroup);
            g.Slice(SliceRows, Blocks.Of(shape.OutputWidth, Blocks.Of(shape.OutputWidth, ConvolutionLanes.SegmentPixels)));
            a.SliceRows = g.DepthBlock;
            a.Slices = Blocks.Of(g.Kernel, g.SliceTaps) * Blocks.Of(g.Kernel * g.Channels, g.SliceLength);
        }
        else
        {
            g.GroupsX = panels;
            a.SliceRows = blocking.TileColumns;
            a.Slices = Blocks.Of(rows, a.SliceRows);
        }
        int wanted = Blocks.Of(blocking.WantedGroups, g.GroupsX * a.Slices);
        int parts = Math.Clamp(wanted, 1, Math.Min(MaxParts, Blocks.Of(pixels, 64)));
        a.PartPixels = Blocks.Of(pixels, parts);
        a.Parts = Blocks.Of(pixels, a.PartPixels);
        if (blocking.UsesLanes)
        {
            // Parts are whole segments of lines.
            int segments = pixels / shape.OutputWidth * Blocks.Of(shape.OutputWidth, g.SegmentPixels);
            a.PartSegments = Blocks.Of(segments, parts);
            int elements = g.SegmentPixels * (g.DepthBlock + g.PanelsPerGroup * width);
            int capacity = Math.Max(Math.Min(MaxChunkPixels / g.SegmentPixels, (ChunkElements - MaxOvershoot) / elements), 1);
            a.ChunkSegments = Blocks.Of(a.PartSegments, Blocks.Of(a.PartSegments, capacity));
            a.Parts = Blocks.Of(segments, a.PartSegments);
        }
        a.Patches = g;
        return a;
    }

    private static void LaneKernel<TTile>(FloatView x, FloatView dy, FloatView parts, WeightGradientArguments a)
        where TTile : struct, IRowSums
    {
        FloatView chunk = SharedMemory.Allocate<float>(ChunkElements);
        FloatView sums = SharedMemory.Allocate<float>(TTile.Rows * 2 * GemmLanes.MaxWarp);
        PatchArguments g = a.Patches;
        int part = Grid.IdxX % a.Parts, block = Grid.IdxX / a.Parts;
        var patches = new Patches(g, 0);
        var rows = new PatchSlice(patches, g, block / g.GroupsX);
        int segmentLength = rows.Taps * rows.LinePitch, width = TTile.Vectors * Group.DimX;
        int linesLength = a.ChunkSegments * segmentLength + MaxOvershoot;
        FloatView lines = chunk.SubView(0, linesLength);
        FloatView slice = chunk.SubView(linesLength, a.ChunkSegments * g.SegmentPixels * g.PanelsPerGroup * width);
        int panel0 = block % g.GroupsX * g.PanelsPerGroup;
        int panels = XMath.Min(g.PanelsPerGroup, (g.Columns + width - 1) / width - panel0);
        int perLine = (patches.X.Extent + g.SegmentPixels - 1) / g.SegmentPixels;
        int first = part * a.PartSegments, end = XMath.Min(first + a.PartSegments, g.Batch * patches.Y.Extent * perLine);
        for (int segment = first; segment < end; segment += a.ChunkSegments)
        {
            int count = XMath.Min(a.ChunkSegments, end - segment);
            for (int i = 0; i < count; i++)
            {
                var from = new PatchRow(patches, segment + i, perLine, g.SegmentPixels);
                ConvolutionLanes.Gather(x, lines, i * segmentLength, from, g.SegmentPixels, rows, patches, g);
                int pixels = XMath.Min(g.SegmentPixels, patches.X.Extent - from.X);
                for (int panel = 0; panel < panels; panel++)
                {
                    int to = (panel * a.ChunkSegments + i) * g.SegmentPixels * width;
                    int column0 = (panel0 + panel) * width, pixel = patches.Pixel(from, g);
                    if (pixels == g.SegmentPixels && column0 + width <= g.Columns)
                        StageGradient(dy, slice, to, column0, pixel, pixels, true, TTile.Vectors, g);
                    else
                        StageGradient(dy, slice, to, column0, pixel, pixels, false, TTile.Vectors, g);
                }
            }
            ConvolutionLanes.Clear(lines, count * segmentLength, MaxOvershoot);
            Group.Barrier();
            for (int panel = 0; panel < panels; panel++)
            {
                int column = (panel0 + panel) * width + Group.IdxX, atB = panel * a.ChunkSegments * g.SegmentPixels * width + Group.IdxX;
                for (int tap = 0; tap < rows.Taps; tap++)
                {
                    int row0 = rows.FirstColumn(patches) + tap * patches.Run;
                    for (int r0 = 0; r0 < rows.Length; r0 += TTile.Rows)
                    {
                        ConvolutionLanes.Multiply<TTile>(lines, slice, sums, new ConvolutionLanes.Walk(
                            0, tap * rows.LinePitch + r0, 1, atB, count, segmentLength, g.SegmentPixels, rows.Pitch));
                        int at = part * a.PartLength + (row0 + r0) * g.Columns, tileRows = XMath.Min(TTile.Rows, rows.Length - r0);
                        if ((panel0 + panel + 1) * width <= g.Columns)
                            AddSums(sums, parts, at, tileRows, column, true, TTile.Vectors, segment == first, g);
                        else
                            AddSums(sums, parts, at, tileRows, column, false, TTile.Vectors, segment == first, g);
                    }
                }
            }
            Group.Barrier();
        }
    }

    /// <summary>
    /// Adds the sums of a tile to what its part has so far; <paramref name="isWhole"/> and <paramref name="vectors"/> are constants.
    /// </summary>
    private static void AddSums(
        FloatView sums, FloatView parts, int at, int rows, int column, bool isWhole, int vectors, bool isFirst, PatchArguments g)
    {
        int from = Group.IdxX;
        at += column;
        for (int r = 0; r < rows; r++)
        {
            for (int vector = 0; vector < vectors; vector++)
            {
                if (isWhole || column + vector * Group.DimX < g.Columns)
                {
                    int to = at + vector * Group.DimX;
                    parts[to] = isFirst ? sums[from] : parts[to] + sums[from];
                }
                from += Group.DimX;
            }
            at += g.Columns;
        }
    }

    /// <summary>
    /// Zeros for the pixels that a segment has too few, and the columns that a panel has; <paramref name="isWhole"/> and
    /// <paramref name="vectors"/> are constants.
    /// </summary>
    private static void StageGradient(
        FloatView dy, FloatView slice, int to, int column0, int pixel, int pixels, bool isWhole, int vectors, PatchArguments g)
    {
        int column = column0 + Group.IdxX;
        int from = pixel * g.Columns + column;
        to += Group.IdxX;
        for (int i = 0; i < g.SegmentPixels; i++)
        {
            for (int vector = 0; vector < vectors; vector++)
            {
                int ahead = vector * Group.DimX;
                slice[to] = isWhole || (i < pixels && column + ahead < g.Columns) ? dy[from + ahead] : 0f;
                to += Group.DimX;
            }
            from += g.Columns;
        }
    }

    private static void TileKernel(FloatView x, FloatView dy, FloatView parts, WeightGradientArguments a)
    {
        FloatView tileA = SharedMemory.Allocate<float>(ConvolutionTiles.TileElements);
        FloatView tileB = SharedMemory.Allocate<float>(ConvolutionTiles.TileElements);
        var table = new ConvolutionTiles.PatchTable(
            SharedMemory.Allocate<int>(ConvolutionTiles.Depth), SharedMemory.Allocate<int>(ConvolutionTiles.Depth),
            SharedMemory.Allocate<int>(ConvolutionTiles.Depth), SharedMemory.Allocate<int>(ConvolutionTiles.MaxSide),
            SharedMemory.Allocate<int>(ConvolutionTiles.MaxSide), SharedMemory.Allocate<int>(ConvolutionTiles.MaxSide));
        PatchArguments g = a.Patches;
        int side = ConvolutionTiles.ThreadTile * Group.DimX;
        int threads = Group.DimX * Group.DimY;
        int thread = Group.IdxY * Group.DimX + Group.IdxX;
        int part = Grid.IdxX % a.Parts, block = Grid.IdxX / a.Parts;
        var patches = new Patches(g, 0);
        int row0 = block / g.GroupsX * side, column0 = block % g.GroupsX * side;
        for (int r = thread; r < side; r += threads)
        {
            bool exists = row0 + r < patches.Depth;
            table.SetTap(r, new PatchColumn(patches, exists ? row0 + r : 0, g), exists, g);
        }

        var sums = default(Quad);
        int end = XMath.Min((part + 1) * a.PartPixels, patches.Rows);
        for (int k0 = part * a.PartPixels; k0 < end; k0 += ConvolutionTiles.Depth)
        {
            for (int d = thread; d < ConvolutionTiles.Depth; d += threads)
                table.SetPixel(d, new PatchRow(patches, k0 + d), k0 + d < end, patches, g);
            Group.Barrier();
            for (int e = thread; e < side * ConvolutionTiles.Depth; e += threads)
            {
                int row = e % side, d = e / side;
                tileA[d * ConvolutionTiles.Pitch + row] = table.Load(x, d, row, g);
            }
            for (int e = thread; e < side * ConvolutionTiles.Depth; e += threads)
            {
                int column = e % side, d = e / side;
                float value = 0f;
                if (column0 + column < g.Columns && k0 + d < end)
                    value = dy[(k0 + d) * g.Columns + column0 + column];
                tileB[d * ConvolutionTiles.Pitch + column] = value;
            }
            Group.Barrier();
            ConvolutionTiles.Multiply(tileA, tileB, ref sums);
            Group.Barrier();
        }

        int firstRow = row0 + ConvolutionTiles.ThreadTile * Group.IdxY;
        StoreRow(sums.R0, parts, part * a.PartLength, firstRow, column0 + Group.IdxX, patches.Depth, g.Columns);
        StoreRow(sums.R1, parts, part * a.PartLength, firstRow + 1, column0 + Group.IdxX, patches.Depth, g.Columns);
        StoreRow(sums.R2, parts, part * a.PartLength, firstRow + 2, column0 + Group.IdxX, patches.Depth, g.Columns);
        StoreRow(sums.R3, parts, part * a.PartLength, firstRow + 3, column0 + Group.IdxX, patches.Depth, g.Columns);
    }

    private static void StoreRow(Four sums, FloatView parts, int start, int row, int column, int rows, int columns)
    {
        if (row >= rows)
            return;
        int at = start + row * columns + column;
        if (column < columns)
            parts[at] = sums.X0;
        if (column + Group.DimX < columns)
            parts[at + Group.DimX] = sums.X1;
        if (column + 2 * Group.DimX < columns)
            parts[at + 2 * Group.DimX] = sums.X2;
        if (column + 3 * Group.DimX < columns)
            parts[at + 3 * Group.DimX] = sums.X3;
    }

    /// <summary>The sums for the biases, a group per part: threads own channels.</summary>
    private static void SumRowsKernel(FloatView biased, FloatView parts, WeightGradientArguments a)
    {
        int part = Grid.IdxX;
        int partRows = (a.BiasRows + a.Parts - 1) / a.Parts;
        int end = XMath.Min((part + 1) * partRows, a.BiasRows);
        for (int channel = Group.IdxX; channel < a.BiasChannels; channel += Group.DimX)
        {
            // Four chains: one addition waits for the one before it.
            float sum0 = 0f, sum1 = 0f, sum2 = 0f, sum3 = 0f;
            int row = part * partRows;
            for (; row < end - 3; row += 4)
            {
                int at = row * a.BiasChannels + channel;
                sum0 += biased[at];
                sum1 += biased[at + a.BiasChannels];
                sum2 += biased[at + 2 * a.BiasChannels];
                sum3 += biased[at + 3 * a.BiasChannels];
            }
            for (; row < end; row++)
                sum0 += biased[row * a.BiasChannels + channel];
            parts[(part + 1) * a.PartLength - a.BiasChannels + channel] = sum0 + sum1 + (sum2 + sum3);
        }
    }

    private static void AddKernel(Index1D i, FloatView parts, FloatView dw, FloatView db, int count, Exchange exchange)
    {
        int length = parts.IntLength / count;
        int weights = dw.IntLength;
        int from = exchange.Taps > 0 && i.X < weights ? exchange.Place(i) : i.X;
        float sum = 0f;
        for (int part = 0; part < count; part++)
            sum += parts[part * length + from];
        if (i.X < weights)
            dw[i] = sum;
        else
            db[i.X - weights] = sum;
    }
}

/// <summary>Weights whose gradient was computed with channels exchanged and the last tap first; without taps, nothing of it.</summary>
internal readonly struct Exchange(ConvolutionShape shape)
{
    public readonly int Taps = shape.Kernel * shape.Kernel, Inputs = shape.Inputs, Outputs = shape.Outputs;

    /// <summary>Where the gradient of [taps, inputs, outputs] lies in [taps, outputs, inputs].</summary>
    public int Place(int weight)
    {
        int row = weight / Outputs, output = weight - row * Outputs;
        int tap = row / Inputs, input = row - tap * Inputs;
        return ((Taps - 1 - tap) * Outputs + output) * Inputs + input;
    }
}

/// <summary>A weight gradient as the kernels take it.</summary>
internal struct WeightGradientArguments
{
    public PatchArguments Patches;

    /// <summary>Rows of dw per group, and how many such slices there are.</summary>
    public int SliceRows, Slices;

    /// <summary>Parts of the sum over pixels, pixels in one, and elements of what one gives: dw, then db.</summary>
    public int Parts, PartPixels, PartLength;

    /// <summary>On CPUs, segments of lines in a part, and those taken at a time.</summary>
    public int PartSegments, ChunkSegments;

    /// <summary>What the biases' gradient is summed over.</summary>
    public int BiasRows, BiasChannels;
}
