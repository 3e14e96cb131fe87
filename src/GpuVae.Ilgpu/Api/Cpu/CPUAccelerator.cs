using GpuVae.Ilgpu.Backends.Cpu.Emulated;
using GpuVae.Ilgpu.Compiler;

namespace ILGPU.Runtime.CPU;

/// <summary>Runs kernels on the processors of this machine. A launch returns when the kernel is done.</summary>
public sealed class CPUAccelerator : Accelerator
{
    internal CPUAccelerator(Context context, CPUDevice device, CPUAcceleratorMode mode, ThreadPriority threadPriority) : base(context, device)
    {
        Mode = mode;
        ThreadPriority = threadPriority;
        Device = device;
        DefaultStream = new CPUStream(this);
        Emulator = new EmulatorPool(this);
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
        CPUAcceleratorMode.Auto or CPUAcceleratorMode.Parallel or CPUAcceleratorMode.Sequential or CPUAcceleratorMode.Emulated =>
            new EmulatedKernel(this, entry, specialization),
        _ => throw new NotSupportedException($"This build has no CPU accelerator of mode {Mode}; use CPUAcceleratorMode.Auto."),
    };

    private protected override AcceleratorStream CreateStreamInternal() => new CPUStream(this);

    private protected override void SynchronizeInternal()
    {
    }

    private protected override unsafe MemoryBuffer AllocateRawInternal(long length, int elementSize) =>
        new HostMemoryBuffer(this, length, elementSize, (IntPtr)HostMemory.Allocate(length * elementSize), FreePageLockedMemory);

    private protected override bool CanAccessPeerInternal(Accelerator other) => other is CPUAccelerator;

    private protected override int EstimateGroupSizeInternal(Kernel kernel, int dynamicSharedBytes, int maxGroupSize, out int minGridSize)
    {
        minGridSize = NumMultiprocessors;
        return maxGroupSize;
    }

    private protected override void DisposeAccelerator() => Emulator.Dispose();
}
