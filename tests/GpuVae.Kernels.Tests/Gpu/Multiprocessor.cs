namespace GpuVae.Kernels.Tests.Gpu;

/// <summary>What a multiprocessor has (CUDA C++ Programming Guide, "Technical Specifications per Compute Capability").</summary>
/// <param name="Architecture">Such as sm_80.</param>
/// <param name="SharedBytes">Shared memory for all groups.</param>
/// <param name="MaxGroups">Groups at a time.</param>
internal sealed record Multiprocessor(string Architecture, int SharedBytes, int MaxGroups = 32)
{
    private const int Registers = 64 << 10;
    private const int Warps = 64;

    // Registers go to warps in units of 256; the system keeps 1 KiB of shared memory per group.
    private const int RegisterUnit = 256;
    private const int SystemBytes = 1 << 10;

    public static IReadOnlyList<Multiprocessor> All { get; } = [new("sm_80", 164 << 10), new("sm_90", 228 << 10)];

    /// <summary>Groups that run at the same time.</summary>
    public int Groups(Assembled kernel, int threads)
    {
        int warps = (threads + 31) / 32;
        int perWarp = (32 * kernel.Registers + RegisterUnit - 1) / RegisterUnit * RegisterUnit;
        int byRegisters = Registers / perWarp / warps;
        return Math.Min(Math.Min(byRegisters, SharedBytes / (kernel.SharedBytes + SystemBytes)), Math.Min(Warps / warps, MaxGroups));
    }

    /// <summary>Warps that run at the same time, of those that could.</summary>
    public double Occupancy(Assembled kernel, int threads) => (double)Groups(kernel, threads) * ((threads + 31) / 32) / Warps;
}
