using ILGPU.Runtime;

namespace GpuVae.Simd;

/// <summary>A SIMD accelerator could not do what was asked; the message says what, and what to do instead.</summary>
public class SimdAcceleratorException : AcceleratorException
{
    /// <summary>With a message only.</summary>
    public SimdAcceleratorException(string message) : base(message)
    {
    }

    /// <summary>With what caused it.</summary>
    public SimdAcceleratorException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <inheritdoc/>
    public override AcceleratorType AcceleratorType => AcceleratorType.CPU;
}
