namespace ILGPU.Runtime;

/// <summary>What compiling a kernel found out about good launches.</summary>
/// <param name="MinGroupSize">The smallest group that keeps a multiprocessor busy.</param>
/// <param name="MinGridSize">The smallest number of such groups that fills the device.</param>
public sealed record KernelInfo(int? MinGroupSize, int? MinGridSize);
