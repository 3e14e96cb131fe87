namespace ILGPU.Runtime.Cuda;

/// <summary>A call of the CUDA driver failed. The message names the call, the error code and its meaning.</summary>
public sealed class CudaException(int error, string message) : AcceleratorException(message)
{
    /// <summary>The driver's CUresult.</summary>
    public int Error { get; } = error;
}
