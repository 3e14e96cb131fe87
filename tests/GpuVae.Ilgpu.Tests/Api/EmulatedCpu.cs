using ILGPU;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Tests.Api;

/// <summary>A context with an emulating CPU accelerator for one test class.</summary>
public sealed class EmulatedCpu : IDisposable
{
    public EmulatedCpu()
    {
        Context = Context.Create(builder => builder.CPU().Profiling());
        Accelerator = Context.CreateCPUAccelerator(0, CPUAcceleratorMode.Emulated);
    }

    public Context Context { get; }

    public CPUAccelerator Accelerator { get; }

    public void Dispose() => Context.Dispose();
}
