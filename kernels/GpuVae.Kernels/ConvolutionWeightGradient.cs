// The gradient of a convolution to its weights and biases, as an implicit matrix product whose depth are the pixels (ConvolutionPatches.cs):
//
//   dw[ky, kx, i, o] = Σ_{b, oy, ox} x[b, s·oy - p + ky, s·ox - p + kx, i] · dy[b, oy, ox, o]
//   db[c]            = Σ_pixels g[pixel, c], where g is the gradient of what the biases were added to
//
// With x and dy exchanged for gradient and input it is that of a transposed convolution, whose biases belong to the large image.
//
// The result is small and the depth large, so pixels are cut into parts, each with sums of its own, which a last launch adds in order: the
// result depends on the sizes and the device's number of cores, not on scheduling.

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

/// <summary>dw and db of a convolution.</summary>
public sealed class ConvolutionWeightGradient
{
    // Rows of dw per group (a multiple of both tiles).
    private const int SliceRows = 192;

    // Pixels gathered at a time, and elements of both operands, which stay in the second-level cache: 216 KiB.
    private const int MaxChunkPixels = 192, ChunkElements = 54 << 10;

    // Enough parts to fill a large GPU; more would cost more in adding them up.
    private const int MaxParts = 64;

    private readonly Gemm gemm;
    private readonly int groupSize;
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, WeightGradientArguments> product;
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, WeightGradientArguments> sumRows;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int> add;

    public ConvolutionWeightGradient(Gemm gemm)
    {
        this.gemm = gemm;
        groupSize = GroupShapes.ForRow(gemm.Accelerator);
        product = gemm.Accelerator.LoadKernel<FloatView, FloatView, FloatView, WeightGradientArguments>(
            gemm.Packing is null ? TileKernel
            : gemm.TileRows == GemmLanes.ManyRows ? LaneKernel<ConvolutionLanes.ManyRows> : LaneKernel<ConvolutionLanes.FewRows>);
        sumRows = gemm.Accelerator.LoadKernel<FloatView, FloatView, WeightGradientArguments>(SumRowsKernel);
        add = gemm.Accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int>(AddKernel);
    }

    /// <summary>Elements of scratch that <see cref="Run"/> needs.</summary>
    public int ScratchLength(ConvolutionShape shape)
    {
        WeightGradientArguments a = Cut(shape, biases: Math.Max(shape.Inputs, shape.Outputs));
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
        WeightGradientArguments a = Cut(shape, isTransposed ? shape.Inputs : shape.Outputs);
        int needed = a.Parts * a.PartLength;
        if (scratch.Length < needed)
            throw new ArgumentException($"The scratch needs {needed} elements, but its view has {scratch.Length}.");
        a.BiasRows = isTransposed ? shape.Batch * shape.Height * shape.Width : shape.Batch * shape.OutputHeight * shape.OutputWidth;
        product(stream, (new Index2D(a.Patches.GroupsX * a.Slices * a.Parts, 1), gemm.Group), x, dy, scratch, a);
        sumRows(stream, (a.Parts, groupSize), isTransposed ? x : dy, scratch, a);
        add(stream, a.PartLength, scratch.SubView(0, needed), dw.SubView(0, shape.Weights), db, a.Parts);
    }

    private WeightGradientArguments Cut(ConvolutionShape shape, int biases)
    {
        PatchArguments g = shape.Forward;
        int rows = g.PhaseDepth, pixels = g.PhaseRows, panels = Gemm.Blocks(g.Columns, gemm.TileColumns);
        var a = new WeightGradientArguments { BiasChannels = biases, PartLength = shape.Weights + biases };
        if (gemm.Packing is null)
        {
            g.GroupsX = panels;
            a.SliceRows = gemm.TileRows;
        }
        else
        {
            g.PanelsPerGroup = Math.Min(panels, ConvolutionLanes.MaxPanels);
            g.GroupsX = Gemm.Blocks(panels, g.PanelsPerGroup);
            a.SliceRows = Gemm.Blocks(Gemm.Blocks(rows, Gemm.Blocks(rows, SliceRows)), gemm.TileRows) * gemm.TileRows;
        }
        a.Slices = Gemm.Blocks(rows, a.SliceRows);
        int wanted = Gemm.Blocks(gemm.WantedGroups, g.GroupsX * a.Slices);
        int parts = Math.Clamp(wanted, 1, Math.Min(MaxParts, Gemm.Blocks(pixels, 64)));
        a.PartPixels = Gemm.Blocks(pixels, parts);
        if (gemm.Packing is not null)
        {
            // An odd number of cache lines: the same rows of all pixels are then spread over the sets of the first-level cache.
            a.Pitch = (Gemm.Blocks(a.SliceRows, 16) | 1) * 16;
            int capacity = Math.Min(MaxChunkPixels, ChunkElements / (a.Pitch + g.PanelsPerGroup * gemm.TileColumns));
            a.ChunkPixels = Gemm.Blocks(a.PartPixels, Gemm.Blocks(a.PartPixels, capacity));
        }
        a.Parts = Gemm.Blocks(pixels, a.PartPixels);
        a.Patches = g;
        return a;
    }

    private static void LaneKernel<TTile>(FloatView x, FloatView dy, FloatView parts, WeightGradientArguments a)
        where TTile : struct, ConvolutionLanes.ITile
    {
        FloatView chunk = SharedMemory.Allocate<float>(ChunkElements);
        FloatView sums = SharedMemory.Allocate<float>(GemmLanes.ManyRows * 2 * GemmLanes.MaxWarp);
        PatchArguments g = a.Patches;
        FloatView rows = chunk.SubView(0, a.ChunkPixels * a.Pitch);
        FloatView slice = chunk.SubView(a.ChunkPixels * a.Pitch, a.ChunkPixels * g.PanelsPerGroup * 2 * Group.DimX);
        int part = Grid.IdxX % a.Parts, block = Grid.IdxX / a.Parts;
        var patches = new Patches(g, 0);
        int panel0 = block % g.GroupsX * g.PanelsPerGroup;
        int panels = XMath.Min(g.PanelsPerGroup, (g.Columns + 2 * Group.DimX - 1) / (2 * Group.DimX) - panel0);
        int row0 = block / g.GroupsX * a.SliceRows;
        int rowCount = XMath.Min(a.SliceRows, patches.Depth - row0);
        int padded = (rowCount + TTile.Rows - 1) / TTile.Rows * TTile.Rows;
        // The last tile's rows beyond the last one are zeros throughout.
        for (int pixel = 0; pixel < a.ChunkPixels; pixel++)
        {
            for (int r = rowCount + Group.IdxX; r < padded; r += Group.DimX)
                rows[pixel * a.Pitch + r] = 0f;
        }
        GemmArguments strides = default;
        strides.ADepth = a.Pitch;
        strides.BDepth = 2 * Group.DimX;
        int first = part * a.PartPixels, end = XMath.Min(first + a.PartPixels, patches.Rows);
        for (int pixel = first; pixel < end; pixel += a.ChunkPixels)
        {
            int count = XMath.Min(a.ChunkPixels, end - pixel);
            ConvolutionLanes.Gather(x, rows, a.Pitch, pixel, count, row0, rowCount, patches, g);
            for (int panel = 0; panel < panels; panel++)
                StageGradient(dy, slice, panel * a.ChunkPixels * 2 * Group.DimX, (panel0 + panel) * 2 * Group.DimX, pixel, count, g);
            Group.Barrier();
            for (int panel = 0; panel < panels; panel++)
            {
                int column = (panel0 + panel) * 2 * Group.DimX + Group.IdxX;
                for (int r0 = 0; r0 < rowCount; r0 += TTile.Rows)
                {
                    var tile = new GemmLanes.Tile(r0, panel * a.ChunkPixels * 2 * Group.DimX + Group.IdxX, count);
                    TTile.MultiplyNeighbours(rows, slice, sums, tile, strides);
                    AddSums(sums, parts, part * a.PartLength + (row0 + r0) * g.Columns, XMath.Min(TTile.Rows, rowCount - r0), column, pixel == first, g);
                }
            }
            Group.Barrier();
        }
    }

    /// <summary>Adds the sums of a tile to what its part has so far.</summary>
    private static void AddSums(FloatView sums, FloatView parts, int start, int rows, int column, bool isFirst, PatchArguments g)
    {
        int at = start + column, from = Group.IdxX;
        bool hasFirst = column < g.Columns, hasSecond = column + Group.DimX < g.Columns;
        for (int r = 0; r < rows; r++)
        {
            if (hasFirst)
                parts[at] = sums[from] + (isFirst ? 0f : parts[at]);
            if (hasSecond)
                parts[at + Group.DimX] = sums[from + Group.DimX] + (isFirst ? 0f : parts[at + Group.DimX]);
            at += g.Columns;
            from += 2 * Group.DimX;
        }
    }

    private static void StageGradient(FloatView dy, FloatView slice, int to, int column0, int pixel, int count, PatchArguments g)
    {
        int column = column0 + Group.IdxX;
        int from = pixel * g.Columns + column;
        to += Group.IdxX;
        for (int i = 0; i < count; i++)
        {
            slice[to] = column < g.Columns ? dy[from] : 0f;
            slice[to + Group.DimX] = column + Group.DimX < g.Columns ? dy[from + Group.DimX] : 0f;
            from += g.Columns;
            to += 2 * Group.DimX;
        }
    }

    private static void TileKernel(FloatView x, FloatView dy, FloatView parts, WeightGradientArguments a)
    {
        FloatView tileA = SharedMemory.Allocate<float>(ConvolutionTiles.TileElements);
        FloatView tileB = SharedMemory.Allocate<float>(ConvolutionTiles.TileElements);
        ArrayView<int> tapY = SharedMemory.Allocate<int>(ConvolutionTiles.MaxSide);
        ArrayView<int> tapX = SharedMemory.Allocate<int>(ConvolutionTiles.MaxSide);
        ArrayView<int> channel = SharedMemory.Allocate<int>(ConvolutionTiles.MaxSide);
        ArrayView<int> image = SharedMemory.Allocate<int>(ConvolutionTiles.Depth), top = SharedMemory.Allocate<int>(ConvolutionTiles.Depth);
        ArrayView<int> left = SharedMemory.Allocate<int>(ConvolutionTiles.Depth);
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
            var at = new PatchColumn(patches, exists ? row0 + r : 0, g);
            // A row past the last one has its taps outside the source.
            tapY[r] = exists ? at.TapY : -2 * (g.SourceHeight + g.Kernel);
            tapX[r] = at.TapX;
            channel[r] = at.Channel;
        }

        ConvolutionTiles.Row4 r0 = default, r1 = default, r2 = default, r3 = default;
        int end = XMath.Min((part + 1) * a.PartPixels, patches.Rows);
        for (int k0 = part * a.PartPixels; k0 < end; k0 += ConvolutionTiles.Depth)
        {
            for (int d = thread; d < ConvolutionTiles.Depth; d += threads)
            {
                var pixel = new PatchRow(patches, k0 + d);
                image[d] = pixel.Image * g.SourceHeight;
                top[d] = k0 + d < end ? pixel.Top(patches, g) : -g.Kernel;
                left[d] = pixel.Left(patches, g);
            }
            Group.Barrier();
            for (int e = thread; e < side * ConvolutionTiles.Depth; e += threads)
            {
                int row = e % side, d = e / side;
                int sourceY = top[d] + tapY[row], sourceX = left[d] + tapX[row];
                float value = 0f;
                if (sourceY >= 0 && sourceY < g.SourceHeight && sourceX >= 0 && sourceX < g.SourceWidth)
                    value = x[((image[d] + sourceY) * g.SourceWidth + sourceX) * g.Channels + channel[row]];
                tileA[d * ConvolutionTiles.Pitch + row] = value;
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
            ConvolutionTiles.Multiply(tileA, tileB, ref r0, ref r1, ref r2, ref r3);
            Group.Barrier();
        }

        int firstRow = row0 + ConvolutionTiles.ThreadTile * Group.IdxY;
        StoreRow(r0, parts, part * a.PartLength, firstRow, column0 + Group.IdxX, patches.Depth, g.Columns);
        StoreRow(r1, parts, part * a.PartLength, firstRow + 1, column0 + Group.IdxX, patches.Depth, g.Columns);
        StoreRow(r2, parts, part * a.PartLength, firstRow + 2, column0 + Group.IdxX, patches.Depth, g.Columns);
        StoreRow(r3, parts, part * a.PartLength, firstRow + 3, column0 + Group.IdxX, patches.Depth, g.Columns);
    }

    private static void StoreRow(ConvolutionTiles.Row4 sums, FloatView parts, int start, int row, int column, int rows, int columns)
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

    private static void AddKernel(Index1D i, FloatView parts, FloatView dw, FloatView db, int count)
    {
        int length = parts.IntLength / count;
        int weights = dw.IntLength;
        float sum = 0f;
        for (int part = 0; part < count; part++)
            sum += parts[part * length + i];
        if (i.X < weights)
            dw[i] = sum;
        else
            db[i.X - weights] = sum;
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

    /// <summary>On CPUs, pixels whose patches are gathered at a time, and elements from one of them to the next.</summary>
    public int ChunkPixels, Pitch;

    /// <summary>What the biases' gradient is summed over.</summary>
    public int BiasRows, BiasChannels;
}
