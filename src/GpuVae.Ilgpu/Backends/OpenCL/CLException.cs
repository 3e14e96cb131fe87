namespace ILGPU.Runtime.OpenCL;

/// <summary>A call of the OpenCL runtime failed. The message names the call, the error code and its meaning.</summary>
public sealed class CLException(int error, string message) : AcceleratorException(message)
{
    /// <summary>The OpenCL error code.</summary>
    public int Error { get; } = error;
}
