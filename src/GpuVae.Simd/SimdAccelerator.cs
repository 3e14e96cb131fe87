using System.Collections.Concurrent;
using System.Reflection;
using GpuVae.Simd.Checked;
using GpuVae.Simd.Launch;
using GpuVae.Simd.Memory;
using GpuVae.Simd.Workers;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd;

/// <summary>Runs kernels as vector code on the processors of this machine. A launch returns when the kernel is done.</summary>
public sealed class SimdAccelerator : KernelAccelerator<SimdCompiledKernel, SimdKernel>
{
    private readonly CheckedMemory checkedMemory = new();

    // The threads start with the first kernel.
    private readonly Lazy<WorkerPool> workers;

    internal SimdAccelerator(Context context, SimdDevice device) : base(context, device)
    {
        Device = device;
        workers = new(() => new(device.NumMultiprocessors, device.Options.PinWorkers));
        NativePtr = new(1);
        DefaultStream = new SimdStream(this);
        Bind();
        Init(new SimdBackend(context, device));
    }

    /// <inheritdoc cref="Accelerator.Device"/>
    public new SimdDevice Device { get; }

    /// <summary>
    /// Told the bytes of every buffer before there is one; what it throws, the allocation throws. Tests fill the memory with it.
    /// </summary>
    internal Action<long>? Allocating { get; set; }

    /// <summary>
    /// Compiles the kernels of several launches beside each other, which otherwise each launch does when it comes first. The launches are
    /// called on several threads at once and do nothing but that: no kernel runs, and neither copies to, from and between buffers nor fills
    /// of them have an effect. What fails in them is left to the real launch.
    /// </summary>
    /// <param name="launches">They change nothing of the program's that may not change twice.</param>
    public static void CompileAhead(IEnumerable<Action> launches) => Parallel.ForEach(
        Partitioner.Create(launches, EnumerablePartitionerOptions.NoBuffering), CompileOnly.Run);

    /// <exception cref="NotSupportedException">Extensions know ILGPU's own three accelerators only.</exception>
    public override TExtension CreateExtension<TExtension, TExtensionProvider>(TExtensionProvider provider) =>
        throw new NotSupportedException(
            $"{typeof(TExtensionProvider).Name} makes extensions for ILGPU's own accelerators only, and {Name} is none of them.");

    /// <inheritdoc/>
    protected override MethodInfo GenerateKernelLauncherMethod(SimdCompiledKernel kernel, int customGroupSize) =>
        LaunchEmitter.Emit(kernel.Entry, customGroupSize == AutoGroupSize ? 0 : customGroupSize, SimdKernel.LauncherOf(kernel.Entry));

    /// <inheritdoc/>
    protected override SimdKernel CreateKernel(SimdCompiledKernel compiledKernel) => CreateKernel(compiledKernel, null!);

    /// <inheritdoc/>
    protected override SimdKernel CreateKernel(SimdCompiledKernel compiledKernel, MethodInfo launcher)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new(
            this, compiledKernel, launcher,
            Device.Options.Checked
                ? new CheckedExecutor(compiledKernel.Entry, Device, checkedMemory)
                : new SimdExecutor(
                    compiledKernel.Entry, compiledKernel.TakeBuilt, Device, Device.Configuration, Context.Properties.EnableAssertions,
                    workers.Value));
    }

    /// <inheritdoc/>
    protected override AcceleratorStream CreateStreamInternal()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new SimdStream(this);
    }

    /// <inheritdoc/>
    protected override void SynchronizeInternal()
    {
    }

    /// <inheritdoc/>
    protected override MemoryBuffer AllocateRawInternal(long length, int elementSize)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (length > long.MaxValue / elementSize)
        {
            throw new ArgumentOutOfRangeException(
                nameof(length), length, $"{length} elements of {elementSize} bytes are more than any memory holds.");
        }
        Allocating?.Invoke(length * elementSize);
        // Checked launches find more, but are too slow for large kernels.
        return Device.Options.Checked ? new CheckedMemoryBuffer(this, length, elementSize, checkedMemory)
            : Device.Options.GuardBuffers ? new GuardedMemoryBuffer(this, length, elementSize)
            : new SimdMemoryBuffer(this, length, elementSize);
    }

    /// <inheritdoc/>
    protected override PageLockScope<T> CreatePageLockFromPinnedInternal<T>(IntPtr pinned, long numElements) =>
        new SimdPageLockScope<T>(this, pinned, numElements);

    // Groups of many warps repay what a group costs; more would leave too few groups to share among workers.
    private int AutoGroupSize => Math.Min(MaxNumThreadsPerGroup, WarpSize * SimdExecutor.WarpsPerGroup);

    /// <inheritdoc/>
    protected override int EstimateGroupSizeInternal(
        Kernel kernel, Func<int, int> computeSharedMemorySize, int maxGroupSize, out int minGridSize)
    {
        int size = EstimateGroupSizeInternal(kernel, 0, maxGroupSize, out minGridSize);
        while (size > 1 && computeSharedMemorySize(size) > MaxSharedMemoryPerGroup)
            size /= 2;
        return size;
    }

    /// <inheritdoc/>
    protected override int EstimateGroupSizeInternal(
        Kernel kernel, int dynamicSharedMemorySizeInBytes, int maxGroupSize, out int minGridSize)
    {
        minGridSize = NumMultiprocessors;
        return maxGroupSize == 0 ? AutoGroupSize : Math.Min(maxGroupSize, AutoGroupSize);
    }

    /// <inheritdoc/>
    protected override int EstimateMaxActiveGroupsPerMultiprocessorInternal(
        Kernel kernel, int groupSize, int dynamicSharedMemorySizeInBytes) => Math.Max(1, MaxNumThreadsPerMultiprocessor / groupSize);

    /// <inheritdoc/>
    protected override bool CanAccessPeerInternal(Accelerator otherAccelerator) => otherAccelerator.AcceleratorType == AcceleratorType.CPU;

    /// <inheritdoc/>
    protected override void EnablePeerAccessInternal(Accelerator otherAccelerator)
    {
        if (!CanAccessPeerInternal(otherAccelerator))
        {
            throw new InvalidOperationException(
                $"{Name} cannot reach the memory of {otherAccelerator.Name}; copy between buffers of the two instead.");
        }
    }

    /// <inheritdoc/>
    protected override void DisablePeerAccessInternal(Accelerator otherAccelerator)
    {
    }

    /// <inheritdoc/>
    protected override void OnBind()
    {
        // Must not throw: finalizers of ILGPU bind accelerators again that are disposed by then, and an exception there ends the process.
    }

    /// <inheritdoc/>
    protected override void OnUnbind()
    {
    }

    /// <inheritdoc/>
    protected override void DisposeAccelerator_SyncRoot(bool disposing)
    {
        if (disposing && workers.IsValueCreated)
            workers.Value.Dispose();
    }
}
