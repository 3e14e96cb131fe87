// The last layer of a decoder with the reconstruction term of the ELBO and its gradient in one launch, W being stored [inputs × outputs]:
//
//   y      = x·W + b                       [batch × outputs], not kept
//   loss   = Σ -ln p(target | y)           in parts: for each row one sum per panel of columns
//   dy     = scale·d loss/dy               [batch × outputs]
//
// With k samples per image row r has the target r / k.
//
// The product's sums become gradient and loss on their way to memory. A part is the sum over one tile's columns in a fixed order.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Gemm.Simd;
using GpuVae.Kernels.Likelihoods;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>A linear layer and the likelihood of what it gives, forward and backward.</summary>
/// <typeparam name="TLikelihood">-ln p(target | y) of one element.</typeparam>
public sealed class LinearLoss<TLikelihood>(GemmContext gemm)
    where TLikelihood : struct, ILikelihood
{
    private readonly TileLauncher?[] tiles = new TileLauncher?[GemmTileLaunch.Shapes];
    private LaneLauncher? lanes;

    private delegate void TileLauncher(
        AcceleratorStream stream, KernelConfig config, FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy,
        FloatView parts, FloatView workspace, ArrayView<int> tickets, GemmArguments arguments, TLikelihood likelihood, float scale,
        int samplesPerImage);

    private delegate void LaneLauncher(
        AcceleratorStream stream, KernelConfig config, FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy,
        FloatView parts, GemmArguments arguments, TLikelihood likelihood, float scale, int samplesPerImage);

    /// <summary>Parts of the loss per row of the batch.</summary>
    /// <param name="batch">Rows of x.</param>
    /// <param name="inputs">Columns of x.</param>
    /// <param name="outputs">Columns of dy.</param>
    public int PartsPerRow(int batch, int inputs, int outputs) => Blocks.Of(
        outputs, gemm.Lanes?.TileColumns ?? GemmTileRule.Extents(Choose(batch, inputs, outputs).Variant).Columns);

    /// <summary>Computes the loss and its gradient. All matrices lie row by row.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="x">[batch × inputs].</param>
    /// <param name="weight">[inputs × outputs].</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="target">[images × outputs] without gaps; as many rows of x as divide up among the images follow each other.</param>
    /// <param name="dy">[batch × outputs] without gaps, written: scale·d loss/dy.</param>
    /// <param name="parts">[batch × <see cref="PartsPerRow"/>], written: nats, to be added up.</param>
    /// <param name="likelihood">The likelihood.</param>
    /// <param name="scale">1 / batch.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is zero.</exception>
    /// <exception cref="ArgumentException">The sizes do not go together, or a matrix does not lie as it must.</exception>
    public void Run(
        AcceleratorStream stream, MatrixView x, MatrixView weight, FloatView bias, MatrixView target, MatrixView dy, FloatView parts,
        TLikelihood likelihood, float scale)
    {
        ArgumentOutOfRangeException.ThrowIfZero(x.Rows, "batch");
        ArgumentOutOfRangeException.ThrowIfZero(x.Columns, "inputs");
        ArgumentOutOfRangeException.ThrowIfZero(dy.Columns, "outputs");
        ArgumentOutOfRangeException.ThrowIfZero(target.Rows, "images");
        x.RequireRows(nameof(x));
        weight.RequireRows(nameof(weight));
        target.RequireRows(nameof(target), allowsGaps: false);
        dy.RequireRows(nameof(dy), allowsGaps: false);
        int samples = x.Rows / target.Rows;
        if (samples * target.Rows != x.Rows || target.Columns != dy.Columns)
        {
            throw new ArgumentException(
                $"A target of {target.Rows} × {target.Columns} does not go with {dy.Rows} × {dy.Columns} outputs.", nameof(target));
        }
        var g = GemmArguments.Of(x, weight, dy);
        if (gemm.Lanes is { } onLanes)
        {
            int laneGroups = onLanes.CutPlain(ref g, onLanes.WantedGroups);
            lanes ??= onLanes.Load(new Loader(gemm.Accelerator));
            lanes(
                stream, onLanes.Config(laneGroups), x.View, weight.View, bias, target.View, dy.View, parts, g, likelihood, scale, samples);
            return;
        }
        GemmTileLaunch launch = gemm.Tiles!;
        GemmChoice choice = Choose(g.M, g.K, g.N);
        int groups = launch.Prepare(stream, choice.Variant, choice.Slices, ref g, x, weight);
        TileLauncher launcher = tiles[GemmTileLaunch.Shape(choice.Variant)] ??=
            launch.Load(choice.Variant, new Loader(gemm.Accelerator));
        launcher(
            stream, GemmTileLaunch.Config(groups, choice.Variant), x.View, weight.View, bias, target.View, dy.View, parts,
            launch.Workspace.Sums, launch.Workspace.Tickets, g, likelihood, scale, samples);
    }

    private GemmChoice Choose(int batch, int inputs, int outputs) =>
        gemm.Choose(new GemmProblem(GemmUse.Loss, false, false, batch, outputs, inputs));

    private static void LaneKernel<TTile, TPlain>(
        FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy, FloatView parts, GemmArguments g,
        TLikelihood likelihood, float scale, int samplesPerImage)
        where TTile : struct, ITileRows
        where TPlain : struct, GemmStaged.IStaging
    {
        FloatView slice = SharedMemory.Allocate<float>(GemmStaged.SliceElements);
        FloatView sums = SharedMemory.Allocate<float>(TTile.Rows * 2 * GemmLanes.MaxWarp);
        var block = new GemmLanes.Block(g, Grid.IdxX, TTile.Rows);
        GemmStaged.Multiply<TTile, GemmLanes.DistantRows, TPlain, LossOutput>(
            x, weight, dy, slice, sums, g, block,
            new LossOutput(bias, target, parts, Blocks.Of(g.N, 2 * Group.DimX), likelihood, scale, samplesPerImage));
    }

    private static void TileKernel<TTiles>(
        FloatView x, FloatView weight, FloatView bias, FloatView target, FloatView dy, FloatView parts, FloatView workspace,
        ArrayView<int> tickets, GemmArguments g, TLikelihood likelihood, float scale, int samplesPerImage)
        where TTiles : struct, ITileEngine
    {
        if (!TTiles.IsSupported)
            return;
        TTiles.Multiply<AlongDepth, AcrossDepth, LossOutput>(
            x, weight, dy, dy, workspace, tickets, TTiles.Allocate(), g, new TilePlace(g, Grid.IdxX),
            new LossOutput(bias, target, parts, g.GroupsX, likelihood, scale, samplesPerImage));
    }

    /// <summary>dy in the place of y, and the sums of the loss along a tile's rows.</summary>
    private readonly struct LossOutput(
        FloatView bias, FloatView target, FloatView parts, int partsPerRow, TLikelihood likelihood, float scale, int samplesPerImage)
        : ITileOutput
    {
        private readonly FloatView bias = bias;
        private readonly FloatView target = target;
        private readonly FloatView parts = parts;
        private readonly int partsPerRow = partsPerRow;
        private readonly TLikelihood likelihood = likelihood;
        private readonly float scale = scale;
        private readonly int samplesPerImage = samplesPerImage;

        public static bool SumsRows => true;

        public void Prefetch(int row, int column, GemmArguments g) =>
            Common.Prefetch.Of(ref target[row / samplesPerImage * g.N + column]);

        public float Take(FloatView c, float value, int row, int column, GemmArguments g)
        {
            LikelihoodTerm term = likelihood.Of(value + bias[column], target[row / samplesPerImage * g.N + column]);
            c[row * g.Ldc + column] = scale * term.Derivative;
            return term.Loss;
        }

        public void StoreRow(float sum, int row, int groupX, GemmArguments g) => parts[row * partsPerRow + groupX] = sum;
    }

    private readonly struct Loader(Accelerator accelerator) : ILaneLoader<LaneLauncher>, ITileLoader<TileLauncher>
    {
        public LaneLauncher Load<TTile, TPlain, TTransposed>()
            where TTile : struct, ITileRows
            where TPlain : struct, GemmStaged.IStaging
            where TTransposed : struct, GemmStaged.IStaging =>
            new(accelerator.LoadKernel<
                FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, GemmArguments, TLikelihood, float, int>(
                LaneKernel<TTile, TPlain>));

        public TileLauncher Load<TTiles>(KernelSpecialization bounds)
            where TTiles : struct, ITileEngine =>
            new(accelerator.LoadKernel<
                FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, ArrayView<int>, GemmArguments, TLikelihood,
                float, int>(TileKernel<TTiles>, bounds));
    }
}
