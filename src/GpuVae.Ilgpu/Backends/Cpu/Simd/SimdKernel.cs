using GpuVae.Ilgpu.Compiler;
using GpuVae.Ilgpu.Compiler.Frontend;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Backends.Cpu.Simd;

/// <summary>A kernel compiled to SIMD code, one variant per group shape and values of specialised parameters.</summary>
internal sealed unsafe class SimdKernel : Kernel
{
    /// <summary>
    /// Warps per group of an implicitly grouped launch: a group is what is claimed at once, so it should outlast the claim.
    /// </summary>
    private const int WarpsPerGroup = 16;

    /// <summary>Implicitly grouped launches with fewer threads do not wake the workers.</summary>
    private const int SpreadThreshold = 4096;

    private readonly SimdConfiguration configuration;
    private readonly WorkerPool pool;
    private readonly KernelVariants<SimdProgram> variants;

    public SimdKernel(
        CPUAccelerator accelerator, KernelEntry entry, KernelSpecialization specialization,
        SimdConfiguration configuration, WorkerPool pool)
        : base(accelerator, entry, specialization)
    {
        this.configuration = configuration;
        this.pool = pool;
        variants = new KernelVariants<SimdProgram>(entry, Compile);
        try
        {
            // What cannot be a kernel is refused when it is loaded, not when it is first launched.
            if (!entry.Layout.Leaves.Any(leaf => leaf.IsSpecialized))
                KernelBuilder.Build(entry, Target(null));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal override void Launch(AcceleratorStream stream, in LaunchShape shape, ReadOnlySpan<ulong> slots)
    {
        var (grid, group) = shape.Extent == default ? (shape.Grid, shape.Group) : Divide(shape.Extent, shape.Group);
        var program = variants.Get(group, slots);
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
            pool.Run(program, &invocation, grid.LongSize, IsImplicitlyGrouped && shape.Extent.LongSize < SpreadThreshold);
        }
        catch (Exception exception) when (exception is not ObjectDisposedException)
        {
            throw new AcceleratorException($"Kernel '{Name}' failed: {exception.Message}", exception);
        }
    }

    private protected override void DisposeAcceleratorObject()
    {
    }

    private (Index3D Grid, Index3D Group) Divide(Index3D extent, Index3D group)
    {
        int width = group.X > 0 ? group.X : extent.X <= configuration.Lanes ? configuration.Lanes : configuration.Lanes * WarpsPerGroup;
        return (new Index3D((int)(((long)extent.X + width - 1) / width), extent.Y, extent.Z), new Index3D(width, 1, 1));
    }

    private SimdProgram Compile(KernelEntry entry, Index3D group) => SimdEmitter.Compile(
        KernelCompiler.Compile(entry, Target((group.X, group.Y, group.Z))), configuration, new GroupShape(group.X, group.Y, group.Z));

    private KernelTarget Target((int X, int Y, int Z)? group) => new(TargetKind.Cpu) { WarpSize = configuration.Lanes, GroupDim = group };
}
