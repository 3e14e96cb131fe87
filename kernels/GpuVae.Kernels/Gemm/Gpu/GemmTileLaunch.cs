// How products are launched on GPUs: the choice of tiles, and how the groups are numbered.

using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Gpu;

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

    /// <summary>Whether the runs of an operand can be read 16 bytes at a time.</summary>
    public static int Vectors(FloatView view, int pitch) => pitch % 4 == 0 && view.Length > 0 && StartsAt16Bytes(view) ? 1 : 0;

    /// <summary>Numbers the groups of a product; gives how many there are.</summary>
    /// <param name="g">The product; how it is cut is written there.</param>
    /// <param name="variant">The shape of its tiles.</param>
    /// <param name="slices">Parts along k at most.</param>
    /// <param name="before">A product in the same launch whose parts of the workspace come first.</param>
    public int Cut(ref GemmArguments g, GemmVariant variant, int slices, in GemmArguments before)
    {
        (int rows, int columns, int threads) = GemmTileRule.Extents(variant);
        g.GroupsX = GemmContext.Blocks(g.N, columns);
        g.GroupsY = GemmContext.Blocks(g.M, rows);
        g.DepthBlock = Math.Max(GemmContext.Blocks(GemmContext.Blocks(g.K, slices), DepthOfStage), 1) * DepthOfStage;
        g.Slices = Math.Max(GemmContext.Blocks(g.K, g.DepthBlock), 1);
        g.WorkspaceStart = before.WorkspaceEnd;
        g.TicketStart = before.TicketEnd;
        int tiles = g.GroupsX * g.GroupsY;
        bool isCut = g.Slices > 1;
        g.WorkspaceEnd = checked(
            g.WorkspaceStart + (isCut ? tiles * g.Slices * GemmTileEnd.SliceElements(threads, rows * columns / threads) : 0));
        g.TicketEnd = g.TicketStart + (isCut ? tiles : 0);
        return tiles * g.Slices;
    }

    /// <summary>Makes the workspace large enough for a product, and for those before it in the launch.</summary>
    public void Reserve(AcceleratorStream stream, in GemmArguments g) => Workspace.Reserve(stream, g.WorkspaceEnd, g.TicketEnd);

    public void Dispose() => Workspace.Dispose();

    // Not by AlignTo, which ends the process where a view has fewer elements than it would skip.
    private static bool StartsAt16Bytes(FloatView view) =>
        // An OpenCL buffer has no address here; it starts where every type may.
        (view.GetAccelerator().AcceleratorType == AcceleratorType.OpenCL ? IndexInBytes(view) : view.LoadEffectiveAddressAsPtr()) % 16 == 0;

    // Generic, so that the view is not boxed.
    private static nint IndexInBytes<TView>(TView view)
        where TView : struct, IContiguousArrayView => (nint)view.IndexInBytes;
}
