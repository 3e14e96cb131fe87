namespace GpuVae.Simd.Launch;

/// <summary>One way to run a kernel.</summary>
internal abstract class KernelExecutor
{
    /// <summary>Runs all groups; returns when they are done.</summary>
    /// <param name="shape">The shape, checked against the device.</param>
    /// <param name="slots">The arguments as <see cref="Frontend.ParameterLayout"/> lays them out.</param>
    public abstract void Launch(in LaunchShape shape, ReadOnlySpan<ulong> slots);
}
