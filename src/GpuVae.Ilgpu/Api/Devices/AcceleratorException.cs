namespace ILGPU.Runtime;

/// <summary>
/// An accelerator or its driver failed; for a kernel, the message names the kernel and the inner exception tells what happened in it.
/// </summary>
public class AcceleratorException(string message, Exception? innerException = null) : Exception(message, innerException);
