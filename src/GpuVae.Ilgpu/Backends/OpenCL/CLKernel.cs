using GpuVae.Ilgpu.Backends.OpenCL;
using GpuVae.Ilgpu.Compiler;
using GpuVae.Ilgpu.Compiler.Analyses;
using ILGPU.Backends;

namespace ILGPU.Runtime.OpenCL;

/// <summary>A kernel loaded on an OpenCL device: one program per combination of specialised values.</summary>
public sealed unsafe class CLKernel : Kernel
{
    private readonly CLAccelerator accelerator;
    private readonly KernelVariants<CLProgram> programs;

    internal CLKernel(CLAccelerator accelerator, KernelEntry entry, KernelSpecialization specialization)
        : base(accelerator, entry, specialization)
    {
        this.accelerator = accelerator;
        programs = new KernelVariants<CLProgram>(entry, (variant, _) => Compile(variant));
        try
        {
            // What cannot be compiled is refused now; specialised values are only known at the launch.
            if (!entry.Layout.Leaves.Any(leaf => leaf.IsSpecialized))
                programs.Get(default, []);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The OpenCL C source of the newest variant.</summary>
    public override CompiledKernel CompiledKernel => new CLCompiledKernel(Name, programs.All.LastOrDefault()?.Source.Text ?? "");

    internal int MaxGroupSize => programs.All.Select(p => p.MaxGroupSize).DefaultIfEmpty(accelerator.MaxNumThreadsPerGroup).Min();

    internal override void Launch(AcceleratorStream stream, in LaunchShape shape, ReadOnlySpan<ulong> slots)
    {
        var program = programs.Get(default, slots);
        var group = shape.Group;
        var grid = shape.Grid;
        if (IsImplicitlyGrouped)
        {
            group = group.X > 0 ? group : ImplicitGroups.Choose(shape.Extent, program.MaxGroupSize, accelerator.MaxGroupSize);
            grid = ImplicitGroups.Cover(shape.Extent, group);
        }
        int threads = group.X * group.Y * group.Z;
        if (threads > program.MaxGroupSize)
            ThrowGroupSize(threads, program.MaxGroupSize);
        nuint* local = stackalloc nuint[] { (nuint)group.X, (nuint)group.Y, (nuint)group.Z };
        nuint* global = stackalloc nuint[]
        {
            (nuint)((long)group.X * grid.X), (nuint)((long)group.Y * grid.Y), (nuint)((long)group.Z * grid.Z),
        };
        nint queue = ((CLStream)stream).CommandQueue;
        lock (program)
        {
            SetArguments(program, shape, threads, slots);
            Check(accelerator.Api.EnqueueNDRangeKernel(queue, program.Kernel, 3, null, global, local, 0, null, null),
                "clEnqueueNDRangeKernel");
        }
        Check(accelerator.Api.Flush(queue), "clFlush");
    }

    private protected override void DisposeAcceleratorObject()
    {
        foreach (var program in programs.All)
            program.Release();
    }

    private void SetArguments(CLProgram program, in LaunchShape shape, int threads, ReadOnlySpan<ulong> slots)
    {
        var arguments = program.Source.Arguments;
        int* extent = stackalloc int[] { shape.Extent.X, shape.Extent.Y, shape.Extent.Z };
        int sharedBytes = shape.DynamicSharedBytes;
        fixed (ulong* first = slots)
        {
            for (int i = 0; i < arguments.Count; i++)
            {
                var argument = arguments[i];
                var (size, value) = argument.Kind switch
                {
                    // Extents lie behind the slots of the arguments.
                    OpenCLArgumentKind.Scalar when argument.Slot >= slots.Length =>
                        (sizeof(int), (nint)(extent + (argument.Slot - slots.Length))),
                    OpenCLArgumentKind.Buffer or OpenCLArgumentKind.Scalar => (argument.Size, (nint)(first + argument.Slot)),
                    OpenCLArgumentKind.LocalPerThread => (argument.Size * threads, 0),

                    // A local argument of no bytes is an error.
                    OpenCLArgumentKind.DynamicShared => (Math.Max(sharedBytes, 16), 0),
                    _ => (sizeof(int), (nint)(&sharedBytes)),
                };
                int code = accelerator.Api.SetKernelArg(program.Kernel, (uint)i, (nuint)size, (void*)value);
                Check(code, "clSetKernelArg");
            }
        }
    }

    private CLProgram Compile(KernelEntry entry)
    {
        var kernel = KernelCompiler.Compile(entry, accelerator.Target);
        var tree = Structurizer.Build(kernel);
        var source = OpenCLEmitter.Emit(kernel, tree, accelerator.Target, accelerator.Device.Features);
        return CLProgram.Build(accelerator, Name, source);
    }

    private void Check(int code, string call)
    {
        if (code != OpenCLApi.Success)
            throw new CLException(code, $"Kernel {Name}: {call} on {accelerator.Name}: error {code}, {OpenCLErrors.Describe(code)}");
    }

    private void ThrowGroupSize(int threads, int limit) => throw new ArgumentOutOfRangeException(
        nameof(threads),
        $"Kernel {Name} was launched in groups of {threads} threads, but {accelerator.Name} has registers for {limit} of this kernel.");
}
