namespace GpuVae.Simd;

/// <summary>
/// A method cannot be a kernel. The message names the kernel, the method and source line of the offending code, and what to write instead.
/// </summary>
public sealed class KernelCompilationException(string message, Exception? innerException = null)
    : NotSupportedException(message, innerException);
