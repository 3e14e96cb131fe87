// How products are launched on GPUs: the choice of tiles, and how the groups are numbered.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Planning;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Gpu;

/// <summary>How a group computes a tile of C: GemmTiles.cs in float32, GemmTensorTiles.cs on tensor cores.</summary>
internal interface ITileEngine
{
    /// <summary>A constant of the device that a kernel is compiled for; where it is false, nothing else may be called.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>Shared memory of a group. A kernel's first call.</summary>
    static abstract FloatView Allocate();

    /// <summary>
    /// Computes one slice of one tile of C; with <see cref="GemmArguments.WithColumnSums"/>, the first row of tiles also puts
    /// Σ_k op(B)[k, j] into <paramref name="columnSums"/>.
    /// </summary>
    static abstract void Multiply<TA, TB, TOutput>(
        FloatView a, FloatView b, FloatView c, FloatView columnSums, FloatView workspace, ArrayView<int> tickets, FloatView shared,
        GemmArguments g, TilePlace place, TOutput output)
        where TA : struct, IOperandLayout
        where TB : struct, IOperandLayout
        where TOutput : struct, ITileOutput;
}

/// <summary>Loads a kernel of one operation for one shape of tiles and one arithmetic.</summary>
/// <typeparam name="TLauncher">The launcher of that operation.</typeparam>
internal interface ITileLoader<TLauncher>
{
    TLauncher Load<TTiles>(KernelSpecialization bounds)
        where TTiles : struct, ITileEngine;
}

/// <summary>What the launchers of products for GPUs share.</summary>
internal sealed class GemmTileLaunch(Accelerator accelerator, MatrixPrecision precision) : IDisposable
{
    // Stages of either kind of kernel fit in.
    private const int DepthOfStage = 32;

    /// <summary>Number of tile shapes.</summary>
    public const int Shapes = GemmVariant.Tile128x128 - GemmVariant.Tile16x16 + 1;

    /// <summary>What products are computed in.</summary>
    public MatrixPrecision Precision { get; } = precision;

    public GemmWorkspace Workspace { get; } = new(accelerator);

    /// <summary>OpenCL 1.2 has no order between the memory of different groups within a launch.</summary>
    public bool MayCutDepth { get; } = accelerator.AcceleratorType != AcceleratorType.OpenCL;

    /// <summary>
    /// Threads of the largest group to use. A processor that OpenCL drives runs a group's threads one after the other: the sums of a few
    /// fit into its registers and first-level cache, and its compiler takes minutes over the larger shapes.
    /// </summary>
    public int MaxThreads { get; } = accelerator is { AcceleratorType: AcceleratorType.OpenCL, Device: CLDevice device }
        && device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_CPU)
        ? Math.Min(accelerator.MaxNumThreadsPerGroup, 64)
        : accelerator.MaxNumThreadsPerGroup;

    /// <summary>What the rule says, which depends on nothing but the product and the device.</summary>
    public GemmChoice Choose(GemmProblem problem) =>
        GemmTileRule.Choose(problem, accelerator.NumMultiprocessors, MaxThreads, MayCutDepth, Precision != MatrixPrecision.Float32);

    /// <summary>All that could be chosen.</summary>
    public IEnumerable<GemmChoice> Candidates(GemmProblem problem) =>
        GemmTileRule.Candidates(problem, MaxThreads, MayCutDepth, Precision != MatrixPrecision.Float32);

    /// <summary>A number from 0 for each shape.</summary>
    public static int Shape(GemmVariant variant) => variant - GemmVariant.Tile16x16;

    public static int Threads(GemmVariant variant) => GemmTileRule.Extents(variant).Threads;

    /// <summary>Two groups of the larger shapes share a multiprocessor, which gives a thread 128 registers.</summary>
    public static KernelSpecialization Bounds(GemmVariant variant)
    {
        int threads = Threads(variant);
        return new KernelSpecialization(threads, Math.Max(512 / Math.Max(threads, 32), 1));
    }

    /// <summary>Groups of the size that a shape has.</summary>
    public static KernelConfig Config(int groups, GemmVariant variant) => new(groups, Threads(variant));

    /// <summary>Loads the variant of a kernel that was chosen, in the precision of this device.</summary>
    public TLauncher Load<TLauncher>(GemmVariant variant, ITileLoader<TLauncher> loader)
    {
        KernelSpecialization bounds = Bounds(variant);
        return (Precision, variant) switch
        {
            (MatrixPrecision.Tf32, GemmVariant.Tile128x128) => loader.Load<GemmTensorTiles<Tile128x128, Tf32Precision>>(bounds),
            (MatrixPrecision.Tf32, _) => loader.Load<GemmTensorTiles<Tile64x64, Tf32Precision>>(bounds),
            (MatrixPrecision.Bf16, GemmVariant.Tile128x128) => loader.Load<GemmTensorTiles<Tile128x128, Bf16Precision>>(bounds),
            (MatrixPrecision.Bf16, _) => loader.Load<GemmTensorTiles<Tile64x64, Bf16Precision>>(bounds),
            (_, GemmVariant.Tile128x128) => loader.Load<GemmTiles<Tile128x128>>(bounds),
            (_, GemmVariant.Tile128x64) => loader.Load<GemmTiles<Tile128x64>>(bounds),
            (_, GemmVariant.Tile64x64) => loader.Load<GemmTiles<Tile64x64>>(bounds),
            (_, GemmVariant.Tile32x32) => loader.Load<GemmTiles<Tile32x32>>(bounds),
            _ => loader.Load<GemmTiles<Tile16x16>>(bounds),
        };
    }

    /// <summary>Cuts a product into tiles and makes room for what their slices leave for each other; gives the number of groups.</summary>
    /// <param name="stream">Where it will run.</param>
    /// <param name="variant">The shape of its tiles.</param>
    /// <param name="slices">Parts along k at most.</param>
    /// <param name="g">The product; how it is cut is written there.</param>
    /// <param name="a">A.</param>
    /// <param name="b">B.</param>
    /// <param name="before">A product in the same launch whose parts of the workspace come first.</param>
    public int Prepare(
        AcceleratorStream stream, GemmVariant variant, int slices, ref GemmArguments g, MatrixView a, MatrixView b,
        in GemmArguments before = default)
    {
        g.AVectors = Vectors(a);
        g.BVectors = Vectors(b);
        int groups = Cut(ref g, variant, slices, before);
        Workspace.Reserve(stream, g.WorkspaceEnd, g.TicketEnd);
        return groups;
    }

    private static int Cut(ref GemmArguments g, GemmVariant variant, int slices, in GemmArguments before)
    {
        (int rows, int columns, int threads) = GemmTileRule.Extents(variant);
        g.GroupsX = Blocks.Of(g.N, columns);
        g.GroupsY = Blocks.Of(g.M, rows);
        g.DepthBlock = Math.Max(Blocks.Of(Blocks.Of(g.K, slices), DepthOfStage), 1) * DepthOfStage;
        g.Slices = Math.Max(Blocks.Of(g.K, g.DepthBlock), 1);
        g.WorkspaceStart = before.WorkspaceEnd;
        g.TicketStart = before.TicketEnd;
        int tiles = g.GroupsX * g.GroupsY;
        bool isCut = g.Slices > 1;
        g.WorkspaceEnd = checked(
            g.WorkspaceStart + (isCut ? tiles * g.Slices * GemmTileEnd.SliceElements(threads, rows * columns / threads) : 0));
        g.TicketEnd = g.TicketStart + (isCut ? tiles : 0);
        return tiles * g.Slices;
    }

    public void Dispose() => Workspace.Dispose();

    /// <summary>Whether the runs of an operand can be read 16 bytes at a time.</summary>
    private static int Vectors(MatrixView operand) =>
        operand.Pitch % 4 == 0 && operand.View.Length > 0 && StartsAt16Bytes(operand.View) ? 1 : 0;

    // Not by AlignTo, which ends the process where a view has fewer elements than it would skip.
    private static bool StartsAt16Bytes(FloatView view) =>
        // An OpenCL buffer has no address here; it starts where every type may.
        (view.GetAccelerator().AcceleratorType == AcceleratorType.OpenCL ? IndexInBytes(view) : view.LoadEffectiveAddressAsPtr()) % 16 == 0;

    // Generic, so that the view is not boxed.
    private static nint IndexInBytes<TView>(TView view)
        where TView : struct, IContiguousArrayView => (nint)view.IndexInBytes;
}
