using System.Reflection;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>Something that runs kernels.</summary>
internal abstract class FuzzBackend(string name, int warpSize)
{
    public string Name { get; } = name;

    public int WarpSize { get; } = warpSize;

    /// <summary>How many kernels it runs by default, so that all backends together take about half a minute on two cores.</summary>
    public virtual int Kernels => 120;

    /// <summary>It rounds to Half as a GPU does.</summary>
    public virtual bool RoundsHalves => true;

    public virtual bool CanRun(Program program) => true;

    /// <summary>Runs the kernel on a copy of the memory; null for the threads means that all of them ran.</summary>
    public abstract (FuzzMemory Memory, IReadOnlySet<int>? Threads) Run(MethodInfo kernel, Program program, FuzzMemory memory);

    /// <summary>Both stages of the IR, every width of this machine, the checked mode and ILGPU's own CPU accelerator.</summary>
    public static IReadOnlyList<FuzzBackend> All { get; } =
    [
        new IrBackend(optimise: false),
        new IrBackend(optimise: true),
        .. TestAccelerators.Names.Select(name => new AcceleratorBackend($"SIMD {name}", TestAccelerators.Open(name))),
        new AcceleratorBackend("ILGPU CPU", TestAccelerators.Reference()),
    ];
}
