using System.Diagnostics;
using GpuVae.Simd.Emit;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Memory;
using GpuVae.Simd.Workers;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Launch;

/// <summary>Runs a kernel as vector code, one variant per group shape and values of specialised parameters.</summary>
internal sealed unsafe class SimdExecutor : KernelExecutor
{
    /// <summary>
    /// Warps per group of an implicitly grouped launch: a group is what is claimed at once, so it should outlast the claim.
    /// </summary>
    public const int WarpsPerGroup = 16;

    /// <summary>
    /// The same for rows that are too short to fill wide warps, which need a multiple of twice a warp: see <see cref="WarpWidth"/>.
    /// </summary>
    private const int WarpsPerShortRow = 3;

    /// <summary>Rows of fewer warps are short.</summary>
    private const int ShortRow = 8;

    /// <summary>Implicitly grouped launches with fewer threads do not wake the workers, unless they turn out to be long.</summary>
    private const int SpreadThreshold = 4096;

    private readonly SimdConfiguration configuration;
    private readonly Func<IrKernel?> takeBuilt;
    private readonly bool assertions;
    private readonly WorkerPool pool;
    private readonly KernelVariants<SimdProgram> variants;

    // For launches with a view that is written and shares memory with one that is read.
    private readonly KernelVariants<SimdProgram> overlapping;

    /// <param name="entry">The kernel.</param>
    /// <param name="takeBuilt">Gives the kernel's IR where somebody has built it already, once.</param>
    /// <param name="device">What bounds a launch.</param>
    /// <param name="configuration">The vectors to compile for.</param>
    /// <param name="assertions">Debug.Assert inside kernels is kept.</param>
    /// <param name="pool">Runs the groups.</param>
    public SimdExecutor(
        KernelEntry entry, Func<IrKernel?> takeBuilt, Device device, SimdConfiguration configuration, bool assertions, WorkerPool pool)
        : base(entry, device)
    {
        this.takeBuilt = takeBuilt;
        this.assertions = assertions;
        this.configuration = configuration;
        this.pool = pool;
        variants = new(Entry, (specialized, group) => Compile(specialized, group, viewsOverlap: false));
        overlapping = new(Entry, (specialized, group) => Compile(specialized, group, viewsOverlap: true));
    }

    public override void Launch(in LaunchShape shape, ReadOnlySpan<ulong> slots)
    {
        LaunchShape grouped = Entry.IsImplicitlyGrouped ? shape.InGroupsOf(WidthOf(shape)) : shape;
        (Index3D grid, Index3D group) = (grouped.Grid, grouped.Group);
        if (CompileOnly.IsOn)
        {
            if (variants.TryGet(group, slots) is { } compiled && compiled.Overlap.IsIn(slots))
                overlapping.TryGet(group, slots);
            return;
        }
        SimdProgram program = variants.Get(group, slots);
        if (program.Overlap.IsIn(slots))
            program = overlapping.Get(group, slots);
        CheckSharedMemory(program.Scratch.SharedBytes, shape);
        ulong* arguments = stackalloc ulong[slots.Length + 3];
        slots.CopyTo(new Span<ulong>(arguments, slots.Length));
        arguments[slots.Length] = (uint)shape.Extent.X;
        arguments[slots.Length + 1] = (uint)shape.Extent.Y;
        arguments[slots.Length + 2] = (uint)shape.Extent.Z;
        var invocation = new SimdInvocation
        {
            Slots = arguments,
            GridX = grid.X,
            GridY = grid.Y,
            GridZ = grid.Z,
            DynamicSharedBytes = shape.DynamicSharedBytes,
        };
        try
        {
            long groups = (long)grid.X * grid.Y * grid.Z;
            long threads = (long)shape.Extent.X * shape.Extent.Y * shape.Extent.Z;
            bool alone = Entry.IsImplicitlyGrouped && threads < SpreadThreshold && !program.IsLong(threads);
            bool timed = alone && groups > 1 && program.HasLoops;
            long start = timed ? Stopwatch.GetTimestamp() : 0;
            pool.Run(program, &invocation, groups, alone);
            if (timed)
                program.Note(Stopwatch.GetTimestamp() - start, threads);
        }
        catch (Exception exception) when (exception is not ObjectDisposedException)
        {
            throw new SimdAcceleratorException($"Kernel '{KernelMethod.NameOf(Entry.Method)}' failed: {exception.Message}", exception);
        }
    }

    private int WidthOf(in LaunchShape shape)
    {
        int row = shape.Extent.X, lanes = configuration.Lanes;
        int warps = row <= lanes ? 1 : row < lanes * ShortRow ? WarpsPerShortRow : WarpsPerGroup;
        return shape.Group.X > 0 ? shape.Group.X : lanes * warps;
    }

    private SimdProgram Compile(KernelEntry specialized, Index3D group, bool viewsOverlap)
    {
        try
        {
            var target = new KernelTarget(TargetKind.Simd)
            {
                WarpSize = configuration.Lanes,
                GroupDim = (group.X, group.Y, group.Z),
                ViewsOverlap = viewsOverlap,
                Assertions = assertions,
            };
            IrKernel kernel = takeBuilt() is { } built
                ? KernelCompiler.Optimize(built, target)
                : KernelCompiler.Compile(specialized, target);
            var shape = new GroupShape(group.X, group.Y, group.Z);
            return SimdEmitter.Compile(kernel, WarpWidth.Choose(kernel, configuration, shape), shape);
        }
        catch (KernelCompilationException exception)
        {
            throw new InternalCompilerException(exception.Message, exception);
        }
    }
}
