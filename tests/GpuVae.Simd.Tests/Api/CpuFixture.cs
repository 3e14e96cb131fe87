using ILGPU;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Tests.Api;

/// <summary>A context with a CPU accelerator for one test class.</summary>
public abstract class CpuFixture : IDisposable
{
    protected CpuFixture(CPUAcceleratorMode mode)
    {
        Context = Context.Create(builder => builder.CPU().Profiling());
        Accelerator = Context.CreateCPUAccelerator(0, mode);
    }

    public Context Context { get; }

    public CPUAccelerator Accelerator { get; }

    public void Dispose() => Context.Dispose();
}

public sealed class EmulatedCpu() : CpuFixture(CPUAcceleratorMode.Emulated);

public sealed class CompiledCpu() : CpuFixture(CPUAcceleratorMode.Auto);
