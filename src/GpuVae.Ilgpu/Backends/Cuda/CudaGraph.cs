using GpuVae.Ilgpu.Backends.Cuda;

namespace ILGPU.Runtime.Cuda;

/// <summary>An instantiated CUDA graph.</summary>
public sealed class CudaGraph : AcceleratorGraph
{
    private readonly CudaAccelerator accelerator;
    private readonly nint executable;

    internal CudaGraph(CudaAccelerator accelerator, nint executable) : base(accelerator)
    {
        this.accelerator = accelerator;
        this.executable = executable;
    }

    private protected override unsafe void LaunchInternal(AcceleratorStream stream)
    {
        accelerator.Enter();
        accelerator.Api.Check(accelerator.Api.GraphLaunch(executable, ((CudaStream)stream).StreamPtr), "cuGraphLaunch");
    }

    private protected override unsafe void DisposeAcceleratorObject()
    {
        if (accelerator.Api.ContextSetCurrent(accelerator.ContextPtr) == CudaApi.Success)
            _ = accelerator.Api.GraphExecDestroy(executable);
    }
}
