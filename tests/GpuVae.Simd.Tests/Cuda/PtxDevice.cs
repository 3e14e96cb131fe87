using System.Runtime.InteropServices;
using GpuVae.Ilgpu.Backends.Cuda;
using GpuVae.Ilgpu.Compiler;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Tests.Cuda;

/// <summary>A CUDA device that is not there: kernels become PTX, and <see cref="PtxInterpreter"/> executes that.</summary>
internal sealed class PtxDevice : Device
{
    public PtxDevice(int arch, int multiprocessors)
    {
        Target = PtxTarget.ForArch(arch);
        Name = $"PTX sm_{arch}, interpreted";
        MemorySize = 1L << 32;
        MaxGridSize = new Index3D(int.MaxValue, 65535, 65535);
        MaxGroupSize = new Index3D(1024, 1024, 64);
        MaxNumThreadsPerGroup = 1024;
        MaxSharedMemoryPerGroup = 160 << 10;
        MaxConstantMemory = 64 << 10;
        WarpSize = 32;
        NumMultiprocessors = multiprocessors;
        MaxNumThreadsPerMultiprocessor = 2048;
    }

    public override AcceleratorType AcceleratorType => AcceleratorType.Cuda;

    public override CapabilityContext Capabilities { get; } = new CPUCapabilityContext();

    public PtxTarget Target { get; }

    public override Accelerator CreateAccelerator(Context context) => new PtxAccelerator(context, this);
}

internal sealed unsafe class PtxAccelerator : Accelerator
{
    private readonly SortedList<ulong, long> buffers = [];
    private (ulong Start, ulong End) last;

    public PtxAccelerator(Context context, PtxDevice device) : base(context, device)
    {
        DefaultStream = new CPUStream(this);
        Bind();
    }

    /// <summary>Every kernel that was loaded, the newest last.</summary>
    public List<PtxKernel> Kernels { get; } = [];

    public override TExtension CreateExtension<TExtension, TProvider>(TProvider provider) => throw new NotSupportedException();

    internal override Kernel CompileKernel(KernelEntry entry, KernelSpecialization specialization)
    {
        var kernel = new PtxKernel(this, entry, specialization, ((PtxDevice)Device).Target);
        Kernels.Add(kernel);
        return kernel;
    }

    /// <summary>Whether as many bytes at an address belong to a buffer.</summary>
    internal bool IsBuffer(ulong address, int bytes)
    {
        if (address >= last.Start && address + (ulong)bytes <= last.End)
            return true;
        foreach (var (start, length) in buffers)
        {
            if (address >= start && address + (ulong)bytes <= start + (ulong)length)
            {
                last = (start, start + (ulong)length);
                return true;
            }
        }
        return false;
    }

    private protected override AcceleratorStream CreateStreamInternal() => new CPUStream(this);

    private protected override void SynchronizeInternal()
    {
    }

    private protected override MemoryBuffer AllocateRawInternal(long length, int elementSize)
    {
        long bytes = length * elementSize;
        var memory = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), 256);
        // What nothing wrote is NaN.
        NativeMemory.Fill((void*)memory, (nuint)bytes, 0xFF);
        buffers[(ulong)memory] = bytes;
        return new HostMemoryBuffer(this, length, elementSize, memory, Free);
    }

    private void Free(nint memory)
    {
        buffers.Remove((ulong)memory);
        last = default;
        NativeMemory.AlignedFree((void*)memory);
    }

    private protected override int EstimateGroupSizeInternal(Kernel kernel, int dynamicSharedBytes, int maxGroupSize, out int minGridSize)
    {
        minGridSize = NumMultiprocessors;
        return Math.Min(maxGroupSize, 256);
    }

    private protected override void DisposeAccelerator()
    {
    }
}

internal sealed class PtxKernel : Kernel
{
    private readonly KernelVariants<Variant> variants;

    internal PtxKernel(PtxAccelerator accelerator, KernelEntry entry, KernelSpecialization specialization, PtxTarget target)
        : base(accelerator, entry, specialization) =>
        variants = new KernelVariants<Variant>(entry, (variant, _) =>
        {
            var source = PtxCompiler.Compile(
                variant,
                target with
                {
                    MaxThreadsPerGroup = specialization.MaxNumThreadsPerGroup ?? 0,
                    MinGroupsPerMultiprocessor = specialization.MinNumGroupsPerMultiprocessor ?? 0,
                },
                PtxCompiler.TargetOf(fastMath: false, assertions: false));
            PtxVerifier.Verify(source.Text);
            return new Variant(source, new PtxInterpreter(source.Text, accelerator.IsBuffer));
        });

    /// <summary>Accesses to shared memory of all launches; see <see cref="PtxInterpreter.SharedAccesses"/>.</summary>
    public IEnumerable<(string Line, long Accesses, long Conflicts)> SharedAccesses =>
        variants.All.SelectMany(v => v.Interpreter.SharedAccesses);

    public string Text => variants.All.Last().Source.Text;

    internal override void Launch(AcceleratorStream stream, in LaunchShape shape, ReadOnlySpan<ulong> slots)
    {
        var (source, interpreter) = variants.Get(default, slots);
        var group = shape.Group;
        var grid = shape.Grid;
        if (IsImplicitlyGrouped)
        {
            group = group.X > 0 ? group : ImplicitGroups.Choose(shape.Extent, 256, Accelerator.MaxGroupSize);
            grid = ImplicitGroups.Cover(shape.Extent, group);
        }
        ReadOnlySpan<int> extent = [shape.Extent.X, shape.Extent.Y, shape.Extent.Z];
        var arguments = new ulong[source.ParameterSlots.Count];
        for (int i = 0; i < arguments.Length; i++)
        {
            int slot = source.ParameterSlots[i];
            arguments[i] = slot < slots.Length ? slots[slot] : (ulong)extent[slot - slots.Length];
        }
        interpreter.Launch(arguments, grid, group, shape.DynamicSharedBytes + source.FixedDynamicBytes);
    }

    private protected override void DisposeAcceleratorObject()
    {
    }

    private sealed record Variant(PtxSource Source, PtxInterpreter Interpreter);
}
