namespace GpuVae.Ilgpu.Backends.OpenCL;

/// <summary>Names and meanings of the OpenCL error codes.</summary>
internal static class OpenCLErrors
{
    public static string Describe(int code) => code switch
    {
        -1 => "CL_DEVICE_NOT_FOUND: no device of this kind",
        -2 => "CL_DEVICE_NOT_AVAILABLE: the device is lost or in exclusive use",
        -3 => "CL_COMPILER_NOT_AVAILABLE: the driver has no compiler",
        -4 => "CL_MEM_OBJECT_ALLOCATION_FAILURE: no memory on the device",
        -5 => "CL_OUT_OF_RESOURCES: the device lacks resources, or a kernel failed on it",
        -6 => "CL_OUT_OF_HOST_MEMORY: the driver ran out of host memory",
        -7 => "CL_PROFILING_INFO_NOT_AVAILABLE: the queue was made without profiling",
        -8 => "CL_MEM_COPY_OVERLAP: source and target overlap",
        -11 => "CL_BUILD_PROGRAM_FAILURE: the driver's compiler refused the source",
        -14 => "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST: an earlier command failed",
        -30 => "CL_INVALID_VALUE: an argument is out of range",
        -33 => "CL_INVALID_DEVICE: the device is not valid any more",
        -34 => "CL_INVALID_CONTEXT: the context is not valid",
        -36 => "CL_INVALID_COMMAND_QUEUE: the queue is not valid; its device may be lost",
        -38 => "CL_INVALID_MEM_OBJECT: a buffer is not valid",
        -42 => "CL_INVALID_BINARY: the binary does not suit the device",
        -45 => "CL_INVALID_PROGRAM_EXECUTABLE: the program was not built for the device",
        -46 => "CL_INVALID_KERNEL_NAME: no kernel of this name",
        -51 => "CL_INVALID_ARG_SIZE: an argument has another size than the kernel's parameter",
        -52 => "CL_INVALID_KERNEL_ARGS: an argument was not set",
        -54 => "CL_INVALID_WORK_GROUP_SIZE: the group is larger than the kernel or the device allows",
        -55 => "CL_INVALID_WORK_ITEM_SIZE: a dimension of the group is larger than the device allows",
        -61 => "CL_INVALID_BUFFER_SIZE: larger than one allocation may be",
        -63 => "CL_INVALID_GLOBAL_WORK_SIZE: the grid is larger than the device allows",
        -1001 => "CL_PLATFORM_NOT_FOUND_KHR: no OpenCL platform is installed",
        _ => "an error of the driver",
    };
}
