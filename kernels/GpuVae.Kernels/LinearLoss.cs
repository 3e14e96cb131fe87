// The last layer of a decoder with the reconstruction term of the ELBO and its gradient in one launch, W being stored [inputs × outputs]:
//
//   y      = x·W + b                       [batch × outputs], not kept
//   loss   = Σ -ln p(target | y)           in parts: for each row one sum per panel of columns
//   dy     = scale·d loss/dy               [batch × outputs]
//
// With k samples per image row r has the target r / k.
//
// A group takes the product's sums to dy as y, goes through them once more while they are in its first-level cache and puts the gradient in
// their place. Threads read back what they wrote themselves. A part is the sum of one group's threads in a fixed order.

using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

/// <summary>A linear layer and the likelihood of what it gives, forward and backward.</summary>
/// <typeparam name="TLikelihood">-ln p(target | y) of one element.</typeparam>
public sealed class LinearLoss<TLikelihood>(Gemm gemm)
    where TLikelihood : struct, ILikelihood
{
    private Launcher? launcher;

    private delegate void Launcher(
        AcceleratorStream stream, KernelConfig config, FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy,
        FloatView parts, GemmArguments arguments, TLikelihood likelihood, float scale, int samplesPerImage);

    /// <summary>Parts of the loss per row of the batch.</summary>
    public int PartsPerRow(int outputs) => Gemm.Blocks(outputs, gemm.TileColumns);

    /// <summary>Computes the loss and its gradient.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="batch">Rows; 1 at least.</param>
    /// <param name="inputs">Columns of x, rows of W.</param>
    /// <param name="outputs">Columns of W and dy.</param>
    /// <param name="x">[batch × inputs].</param>
    /// <param name="weight">[inputs × outputs].</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="target">[batch / samplesPerImage × outputs].</param>
    /// <param name="dy">[batch × outputs], written: scale·d loss/dy.</param>
    /// <param name="parts">[batch × <see cref="PartsPerRow"/>], written: nats, to be added up.</param>
    /// <param name="likelihood">The likelihood.</param>
    /// <param name="scale">1 / batch.</param>
    /// <param name="samplesPerImage">Consecutive rows that have the same target.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public void Run(
        AcceleratorStream stream, int batch, int inputs, int outputs, FloatView x, FloatView weight, FloatView bias, FloatView target,
        FloatView dy, FloatView parts, TLikelihood likelihood, float scale, int samplesPerImage = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        var g = new GemmArguments
        {
            M = batch,
            N = outputs,
            K = inputs,
            ARow = inputs,
            ADepth = 1,
            BColumn = 1,
            BDepth = outputs,
            Ldc = outputs,
            Alpha = 1,
        };
        int groups = GemmStaged.Cut(gemm, ref g, gemm.WantedGroups);
        launcher ??= new Launcher(
            gemm.Accelerator.LoadKernel<
                FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, GemmArguments, TLikelihood, float, int>(
                gemm.Packing is null ? TileKernel : gemm.TileRows == GemmLanes.ManyRows ? LaneKernel12 : LaneKernel6));
        launcher(stream, (new Index2D(groups, 1), gemm.Group), x, weight, bias, target, dy, parts, g, likelihood, scale,
            samplesPerImage);
    }

    private static void LaneKernel12(
        FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy, FloatView parts, GemmArguments g,
        TLikelihood likelihood, float scale, int samplesPerImage)
    {
        FloatView slice = SharedMemory.Allocate<float>(GemmStaged.SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(GemmLanes.ManyRows * 2 * GemmLanes.MaxWarp);
        var block = new GemmLanes.Block(g, Grid.IdxX % g.GroupsX, Grid.IdxX / g.GroupsX, GemmLanes.ManyRows);
        GemmStaged.Multiply12<GemmLanes.DistantRows, GemmStaged.Copied, BiasEpilogue<Identity>>(
            x, weight, dy, slice, sums, g, block, new BiasEpilogue<Identity>(bias));
        Differentiate(target, dy, parts, g, block, likelihood, scale, samplesPerImage);
    }

    private static void LaneKernel6(
        FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy, FloatView parts, GemmArguments g,
        TLikelihood likelihood, float scale, int samplesPerImage)
    {
        FloatView slice = SharedMemory.Allocate<float>(GemmStaged.SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(GemmLanes.FewRows * 2 * GemmLanes.MaxWarp);
        var block = new GemmLanes.Block(g, Grid.IdxX % g.GroupsX, Grid.IdxX / g.GroupsX, GemmLanes.FewRows);
        GemmStaged.Multiply6<GemmLanes.DistantRows, GemmStaged.Copied, BiasEpilogue<Identity>>(
            x, weight, dy, slice, sums, g, block, new BiasEpilogue<Identity>(bias));
        Differentiate(target, dy, parts, g, block, likelihood, scale, samplesPerImage);
    }

    private static void TileKernel(
        FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy, FloatView parts, GemmArguments g,
        TLikelihood likelihood, float scale, int samplesPerImage)
    {
        FloatView tileA = SharedMemory.Allocate<float>(GemmTiles.TileElements);
        FloatView tileB = SharedMemory.Allocate<float>(GemmTiles.TileElements);
        int groupX = Grid.IdxX % g.GroupsX, groupY = Grid.IdxX / g.GroupsX;
        GemmTiles.Multiply(x, weight, dy, dy, tileA, tileB, g, groupX, groupY, new BiasEpilogue<Identity>(bias));

        // The product is done with its tiles: they take the threads' sums, [row][thread along the row].
        int side = GemmTiles.ThreadTile * Group.DimX;
        for (int r = 0; r < GemmTiles.ThreadTile; r++)
        {
            int localRow = GemmTiles.ThreadTile * Group.IdxY + r;
            int row = groupY * side + localRow;
            float sum = 0f;
            for (int column = groupX * side + Group.IdxX; column < (groupX + 1) * side; column += Group.DimX)
            {
                if (row < g.M && column < g.N)
                    sum += Differentiate(target, row / samplesPerImage * g.N + column, dy, row * g.N + column, likelihood, scale);
            }
            tileA[localRow * Group.DimX + Group.IdxX] = sum;
        }
        Group.Barrier();
        int thread = Group.IdxY * Group.DimX + Group.IdxX;
        int rowOfThread = groupY * side + thread;
        if (thread < side && rowOfThread < g.M)
        {
            float sum = 0f;
            for (int i = 0; i < Group.DimX; i++)
                sum += tileA[thread * Group.DimX + i];
            parts[rowOfThread * g.GroupsX + groupX] = sum;
        }
    }

    /// <summary>Lanes own columns, as in the product.</summary>
    private static void Differentiate(
        FloatView target, FloatView dy, FloatView parts, GemmArguments g, GemmLanes.Block block, TLikelihood likelihood, float scale,
        int samplesPerImage)
    {
        int panels = (g.N + 2 * Group.DimX - 1) / (2 * Group.DimX);
        for (int panel = block.FirstPanel; panel < block.PanelEnd; panel++)
        {
            int column = panel * 2 * Group.DimX + Group.IdxX;
            for (int row = block.FirstRow; row < block.RowEnd; row++)
            {
                int at = row * g.N + column;
                int wanted = row / samplesPerImage * g.N + column;
                float sum = 0f;
                if (column < g.N)
                    sum += Differentiate(target, wanted, dy, at, likelihood, scale);
                if (column + Group.DimX < g.N)
                    sum += Differentiate(target, wanted + Group.DimX, dy, at + Group.DimX, likelihood, scale);
                float part = GroupShapes.SumOfWarp(sum);
                if (Group.IdxX == 0)
                    parts[row * panels + panel] = part;
            }
        }
    }

    /// <summary>Puts an element's gradient in the place of y; gives its loss.</summary>
    private static float Differentiate(FloatView target, int wanted, FloatView dy, int at, TLikelihood likelihood, float scale)
    {
        LikelihoodTerm term = likelihood.Of(dy[at], target[wanted]);
        dy[at] = scale * term.Slope;
        return term.Loss;
    }
}
