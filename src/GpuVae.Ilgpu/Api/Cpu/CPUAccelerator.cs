using GpuVae.Ilgpu.Backends.Cpu.Checked;
using GpuVae.Ilgpu.Backends.Cpu.Emulated;
using GpuVae.Ilgpu.Backends.Cpu.Simd;
using GpuVae.Ilgpu.Compiler;

namespace ILGPU.Runtime.CPU;

/// <summary>Runs kernels on the processors of this machine. A launch returns when the kernel is done.</summary>
public sealed class CPUAccelerator : Accelerator
{
    private readonly CheckedMemory checkedMemory = new();

    // The threads start with the first kernel.
    private readonly Lazy<WorkerPool> workers;

    internal CPUAccelerator(Context context, CPUDevice device, CPUAcceleratorMode mode, ThreadPriority threadPriority)
        : base(context, device)
    {
        Mode = mode;
        ThreadPriority = threadPriority;
        Device = device;
        DefaultStream = new CPUStream(this);
        Emulator = new EmulatorPool(this);
        workers = new(() => new WorkerPool(
            mode == CPUAcceleratorMode.Sequential ? 1 : device.NumMultiprocessors, threadPriority, device.PinsWorkers));
        Bind();
    }

    public new CPUDevice Device { get; }

    public CPUAcceleratorMode Mode { get; }

    /// <summary>The priority of the worker threads.</summary>
    public ThreadPriority ThreadPriority { get; }

    /// <summary>The threads that run kernels as .NET code; they start when first needed.</summary>
    internal EmulatorPool Emulator { get; }

    public override TExtension CreateExtension<TExtension, TProvider>(TProvider provider) => provider.CreateCPUExtension(this);

    internal override Kernel CompileKernel(KernelEntry entry, KernelSpecialization specialization) => Mode switch
    {
        CPUAcceleratorMode.Auto or CPUAcceleratorMode.Parallel or CPUAcceleratorMode.Sequential =>
            new SimdKernel(this, entry, specialization, new SimdConfiguration(Device.WarpSize, Device.VectorBits), workers.Value),
        CPUAcceleratorMode.Emulated => new EmulatedKernel(this, entry, specialization),
        CPUAcceleratorMode.Checked => new CheckedKernel(this, entry, specialization, checkedMemory),
        _ => throw new NotSupportedException($"This build has no CPU accelerator of mode {Mode}; use CPUAcceleratorMode.Auto."),
    };

    private protected override AcceleratorStream CreateStreamInternal() => new CPUStream(this);

    private protected override void SynchronizeInternal()
    {
    }

    private protected override unsafe MemoryBuffer AllocateRawInternal(long length, int elementSize)
    {
        // Checked mode finds more, but is too slow for large kernels.
        if (GuardedMemoryBuffer.IsWanted && Mode != CPUAcceleratorMode.Checked)
            return new GuardedMemoryBuffer(this, length, elementSize);
        var memory = (IntPtr)HostMemory.Allocate(length * elementSize);
        return Mode == CPUAcceleratorMode.Checked
            ? new CheckedMemoryBuffer(this, length, elementSize, memory, FreePageLockedMemory, checkedMemory)
            : new HostMemoryBuffer(this, length, elementSize, memory, FreePageLockedMemory);
    }

    private protected override bool CanAccessPeerInternal(Accelerator other) => other is CPUAccelerator;

    private protected override int EstimateGroupSizeInternal(Kernel kernel, int dynamicSharedBytes, int maxGroupSize, out int minGridSize)
    {
        minGridSize = NumMultiprocessors;
        return maxGroupSize;
    }

    private protected override void DisposeAccelerator()
    {
        Emulator.Dispose();
        if (workers.IsValueCreated)
            workers.Value.Dispose();
    }
}
