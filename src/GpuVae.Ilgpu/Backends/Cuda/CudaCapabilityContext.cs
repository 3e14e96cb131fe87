namespace ILGPU.Runtime.Cuda;

/// <summary>Every GPU that kernels run on has 64-bit floats and atomics and warps of 32.</summary>
public sealed class CudaCapabilityContext : CapabilityContext
{
    internal CudaCapabilityContext()
    {
    }
}
