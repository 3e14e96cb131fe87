using ILGPU.Runtime;

namespace GpuVae.Simd.Benchmarks;

/// <summary>
/// One program in two forms: ILGPU kernels that run on any accelerator, and the same algorithm in plain C# on all cores. Both keep their
/// data where it is computed on; what is timed is the work between two synchronisations.
/// </summary>
/// <param name="name">What it computes.</param>
/// <param name="unit">What its speed is counted in, per second.</param>
internal abstract class BenchmarkProgram(string name, string unit)
{
    public string Name { get; } = name;

    public string Unit { get; } = unit;

    /// <summary>The size that the SIMD accelerator and plain C# work on.</summary>
    public abstract int Size { get; }

    /// <summary>The size for ILGPU's CPU accelerator: smaller where the full one would take it minutes.</summary>
    public virtual int EmulatorSize => Size;

    /// <summary>Threads that a group must have.</summary>
    public virtual int GroupSize => 1;

    /// <summary>The work of one run in <see cref="Unit"/>s.</summary>
    public abstract double Work(int size);

    public abstract PreparedRun OnAccelerator(Accelerator accelerator, int size);

    public abstract PreparedRun InPlainCSharp(int size);
}
