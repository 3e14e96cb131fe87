using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace ILGPU.Runtime;

public abstract partial class Accelerator
{
    private readonly Dictionary<(MethodInfo Method, bool IsImplicit, KernelSpecialization Specialization), Kernel> kernels = [];
    private readonly Dictionary<Delegate, IKernelLauncher> launchers = [];
    private readonly Lock kernelSync = new();

    /// <summary>Compiles an explicitly grouped kernel.</summary>
    /// <exception cref="NotSupportedException">The method cannot be a kernel; the message says why.</exception>
    public Kernel LoadKernel(MethodInfo method) => LoadKernel(method, KernelSpecialization.Empty);

    /// <inheritdoc cref="LoadKernel(MethodInfo)"/>
    public Kernel LoadKernel(MethodInfo method, KernelSpecialization specialization)
    {
        ArgumentNullException.ThrowIfNull(method);
        return Load(method, isImplicit: false, specialization);
    }

    /// <summary>Compiles an implicitly grouped kernel; its first parameter is the index.</summary>
    /// <exception cref="NotSupportedException">The method cannot be a kernel; the message says why.</exception>
    public Kernel LoadAutoGroupedKernel(MethodInfo method)
    {
        ArgumentNullException.ThrowIfNull(method);
        return Load(method, isImplicit: true, KernelSpecialization.Empty);
    }

    /// <summary>Compiles an explicitly grouped kernel and returns a launcher of the given type.</summary>
    /// <typeparam name="TDelegate">Takes a stream, a <see cref="KernelConfig"/> and the kernel's parameters.</typeparam>
    public TDelegate LoadKernel<TDelegate>(MethodInfo method) where TDelegate : Delegate =>
        LoadKernel<TDelegate>(method, KernelSpecialization.Empty);

    /// <inheritdoc cref="LoadKernel{TDelegate}(MethodInfo)"/>
    public TDelegate LoadKernel<TDelegate>(MethodInfo method, KernelSpecialization specialization) where TDelegate : Delegate =>
        LoadKernel(method, specialization).CreateLauncherDelegate<TDelegate>();

    /// <inheritdoc cref="LoadKernel{TDelegate}(MethodInfo)"/>
    public TDelegate LoadKernel<TDelegate>(MethodInfo method, KernelSpecialization specialization, out KernelInfo? info)
        where TDelegate : Delegate
    {
        var kernel = LoadKernel(method, specialization);
        info = kernel.Info;
        return kernel.CreateLauncherDelegate<TDelegate>();
    }

    /// <summary>A group size along X that keeps the device busy.</summary>
    public int EstimateGroupSize(Kernel kernel) => EstimateGroupSize(kernel, 0, 0, out _);

    public int EstimateGroupSize(Kernel kernel, out int minGridSize) => EstimateGroupSize(kernel, 0, 0, out minGridSize);

    public int EstimateGroupSize(Kernel kernel, int dynamicSharedMemorySizeInBytes, out int minGridSize) =>
        EstimateGroupSize(kernel, dynamicSharedMemorySizeInBytes, 0, out minGridSize);

    /// <param name="kernel">The kernel to launch.</param>
    /// <param name="dynamicSharedMemorySizeInBytes">Bytes of dynamic shared memory per group.</param>
    /// <param name="maxGroupSize">An upper bound, or 0 for the device's.</param>
    /// <param name="minGridSize">The number of groups that fills the device.</param>
    public int EstimateGroupSize(Kernel kernel, int dynamicSharedMemorySizeInBytes, int maxGroupSize, out int minGridSize)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentOutOfRangeException.ThrowIfNegative(dynamicSharedMemorySizeInBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(maxGroupSize);
        int limit = maxGroupSize == 0 ? MaxNumThreadsPerGroup : Math.Min(maxGroupSize, MaxNumThreadsPerGroup);
        return EstimateGroupSizeInternal(kernel, dynamicSharedMemorySizeInBytes, limit, out minGridSize);
    }

    /// <param name="kernel">The kernel to launch.</param>
    /// <param name="computeSharedMemorySize">The bytes of dynamic shared memory for a group size.</param>
    /// <param name="maxGroupSize">An upper bound, or 0 for the device's.</param>
    /// <param name="minGridSize">The number of groups that fills the device.</param>
    public int EstimateGroupSize(Kernel kernel, Func<int, int> computeSharedMemorySize, int maxGroupSize, out int minGridSize)
    {
        ArgumentNullException.ThrowIfNull(computeSharedMemorySize);
        int size = EstimateGroupSize(kernel, 0, maxGroupSize, out minGridSize);
        while (size > 1 && computeSharedMemorySize(size) > MaxSharedMemoryPerGroup)
            size /= 2;
        return size;
    }

    /// <summary>The number of groups of this size that a multiprocessor holds at once.</summary>
    public int EstimateMaxActiveGroupsPerMultiprocessor(Kernel kernel, int groupSize) =>
        EstimateMaxActiveGroupsPerMultiprocessor(kernel, groupSize, 0);

    /// <inheritdoc cref="EstimateMaxActiveGroupsPerMultiprocessor(Kernel, int)"/>
    public int EstimateMaxActiveGroupsPerMultiprocessor(Kernel kernel, int groupSize, int dynamicSharedMemorySizeInBytes)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        CheckGroupSize(groupSize);
        ArgumentOutOfRangeException.ThrowIfNegative(dynamicSharedMemorySizeInBytes);
        return EstimateMaxActiveGroupsInternal(kernel, groupSize, dynamicSharedMemorySizeInBytes);
    }

    /// <summary>The share of a multiprocessor's threads that groups of this size can occupy, from 0 to 1.</summary>
    public float EstimateOccupancyPerMultiprocessor(Kernel kernel, int groupSize) =>
        EstimateOccupancyPerMultiprocessor(kernel, groupSize, 0);

    /// <inheritdoc cref="EstimateOccupancyPerMultiprocessor(Kernel, int)"/>
    public float EstimateOccupancyPerMultiprocessor(Kernel kernel, int groupSize, int dynamicSharedMemorySizeInBytes) =>
        (float)EstimateMaxActiveGroupsPerMultiprocessor(kernel, groupSize, dynamicSharedMemorySizeInBytes) * groupSize
        / MaxNumThreadsPerMultiprocessor;

    internal Kernel LoadGrouped(Delegate action, KernelSpecialization specialization) =>
        Load(KernelMethod.Of(action), isImplicit: false, specialization);

    internal Kernel LoadImplicit(Delegate action) => Load(KernelMethod.Of(action), isImplicit: true, KernelSpecialization.Empty);

    internal int CheckGroupSize(int groupSize)
    {
        if (groupSize < 1 || groupSize > MaxNumThreadsPerGroup)
        {
            throw new ArgumentOutOfRangeException(
                nameof(groupSize), groupSize, $"A group on {Name} has 1 to {MaxNumThreadsPerGroup} threads.");
        }
        return groupSize;
    }

    internal bool TryGetLauncher<TLauncher>(
        Delegate action, [NotNullWhen(true)] out TLauncher? launcher) where TLauncher : class, IKernelLauncher
    {
        ThrowIfDisposed();
        lock (kernelSync)
        {
            launcher = launchers.TryGetValue(action, out var cached) ? cached as TLauncher : null;
            return launcher is not null;
        }
    }

    internal void AddLauncher(Delegate action, IKernelLauncher launcher)
    {
        lock (kernelSync)
            launchers[action] = launcher;
    }

    private protected abstract int EstimateGroupSizeInternal(Kernel kernel, int dynamicSharedBytes, int maxGroupSize, out int minGridSize);

    private protected virtual int EstimateMaxActiveGroupsInternal(Kernel kernel, int groupSize, int dynamicSharedBytes) =>
        Math.Max(1, MaxNumThreadsPerMultiprocessor / groupSize);

    private Kernel Load(MethodInfo method, bool isImplicit, KernelSpecialization specialization)
    {
        ThrowIfDisposed();
        bool caches = Context.Properties.CachingMode is CachingMode.Default or CachingMode.NoLaunchCaching;
        lock (kernelSync)
        {
            if (caches && kernels.TryGetValue((method, isImplicit, specialization), out var cached))
                return cached;
            var kernel = CompileKernel(KernelMethod.EntryOf(method, isImplicit), specialization);
            if (caches)
                kernels.Add((method, isImplicit, specialization), kernel);
            return kernel;
        }
    }
}
