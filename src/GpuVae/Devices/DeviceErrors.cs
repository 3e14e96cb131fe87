using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Devices;

/// <summary>Errors of drivers in words: ILGPU's OpenCL exceptions carry a code and no sentence, CUDA's do not say what failed.</summary>
public static class DeviceErrors
{
    /// <summary>What went wrong, and what to do where that is known; the exception's own message where it is none of a driver.</summary>
    public static string Describe(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error switch
        {
            // Exceptions made with a message have no code.
            CLException { Error: not CLError.CL_SUCCESS and CLError code } => $"OpenCL: {code} ({(int)code}){Advice(code)}.",
            CudaException { Error: not "N/A" and string code } => $"CUDA: {code}, {error.Message}.",
            TypeInitializationException { InnerException: Exception cause } => Describe(cause),
            _ => error.Message,
        };
    }

    /// <summary>An exception of the same type that says where it happened and what it means; null for other errors.</summary>
    internal static AcceleratorException? Explain(AcceleratorException error, string where) => error switch
    {
        CLException { Error: not CLError.CL_SUCCESS } => new CLException($"{where}: {Describe(error)}", error),
        CudaException { Error: not "N/A" } => new CudaException($"{where}: {Describe(error)}", error),
        _ => null,
    };

    private static string Advice(CLError code) => code switch
    {
        CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE or CLError.CL_OUT_OF_HOST_MEMORY or CLError.CL_INVALID_BUFFER_SIZE =>
            "; the device has not that much memory: take a smaller batch or model",
        CLError.CL_DEVICE_NOT_AVAILABLE or CLError.CL_OUT_OF_RESOURCES or CLError.CL_INVALID_CONTEXT or CLError.CL_INVALID_COMMAND_QUEUE =>
            "; the device may be lost: look at the system's log, and start again",
        CLError.CL_COMPILER_NOT_AVAILABLE or CLError.CL_BUILD_PROGRAM_FAILURE or CLError.CL_INVALID_KERNEL_NAME =>
            "; the driver's compiler refuses a kernel: update the driver, or take another device",
        _ => "",
    };
}
