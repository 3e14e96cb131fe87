using GpuVae.Simd.Frontend;
using ILGPU.Runtime;

namespace GpuVae.Simd.Launch;

/// <summary>One way to run a kernel.</summary>
internal abstract class KernelExecutor(KernelEntry entry, Device device)
{
    protected KernelEntry Entry { get; } = entry;
    protected Device Device { get; } = device;

    /// <summary>Runs all groups; returns when they are done.</summary>
    /// <param name="shape">The shape, checked against the device.</param>
    /// <param name="slots">The arguments as <see cref="ParameterLayout"/> lays them out.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The static shared memory, which may depend on specialised values, and the dynamic of the launch are more than a group has.
    /// </exception>
    public abstract void Launch(in LaunchShape shape, ReadOnlySpan<ulong> slots);

    protected void CheckSharedMemory(int staticBytes, in LaunchShape shape)
    {
        if ((long)staticBytes + shape.DynamicSharedBytes > Device.MaxSharedMemoryPerGroup)
            ThrowSharedMemory(staticBytes, shape.DynamicSharedBytes);
    }

    private void ThrowSharedMemory(int staticBytes, int dynamicBytes) => throw new ArgumentOutOfRangeException(
        "config",
        $"Kernel '{KernelMethod.NameOf(Entry.Method)}' needs {staticBytes:N0} bytes of static and {dynamicBytes:N0} of dynamic shared " +
        $"memory, and {Device.Name} has {Device.MaxSharedMemoryPerGroup:N0} for each group: use smaller tiles.");
}
