using System.Runtime.InteropServices;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuVae.Kernels.Common;

/// <summary>
/// More shared memory than the 48 KiB that a CUDA kernel has without leave. ILGPU asks for none; the driver gives it to a function by
/// <c>cuFuncSetAttribute</c> (CUDA driver API, "Execution Control"), for dynamic shared memory alone.
/// </summary>
public static unsafe class LargeSharedMemory
{
    private const int MaxDynamicBytes = 8; // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    private const DeviceAttributeKind MaxBytesWithLeave = (DeviceAttributeKind)97; // …_PER_BLOCK_OPTIN

    private static readonly delegate* unmanaged<nint, int, int, int> SetAttribute = Find();

    /// <summary>
    /// Bytes that a group of the accelerator can have at most: what the device offers, with leave where leave can be got.
    /// </summary>
    public static int MaxBytes(Accelerator accelerator)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        return SetAttribute is not null && accelerator is CudaAccelerator { Device: CudaDevice device }
            ? Math.Max(device.MaxSharedMemoryPerGroup, CudaAPI.CurrentAPI.GetDeviceAttribute(MaxBytesWithLeave, device.DeviceId))
            : accelerator.MaxSharedMemoryPerGroup;
    }

    /// <summary>Lets launches of a kernel have so much dynamic shared memory; to be called once, before the first.</summary>
    /// <param name="launcher">The kernel, as <see cref="Accelerator"/> loaded it.</param>
    /// <param name="bytes">Bytes for each group.</param>
    /// <returns>False where it may not have as much: choose a kernel that needs less.</returns>
    public static bool TryAllow<TLauncher>(TLauncher launcher, int bytes)
        where TLauncher : Delegate
    {
        Kernel kernel = launcher.GetKernel();
        if (bytes <= kernel.Accelerator.MaxSharedMemoryPerGroup)
            return true;
        if (SetAttribute is null || kernel is not CudaKernel cuda)
            return false;
        cuda.Accelerator.Bind();
        return SetAttribute(cuda.FunctionPtr, MaxDynamicBytes, bytes) == 0;
    }

    private static delegate* unmanaged<nint, int, int, int> Find() =>
        NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out nint driver)
            && NativeLibrary.TryGetExport(driver, "cuFuncSetAttribute", out nint function)
                ? (delegate* unmanaged<nint, int, int, int>)function
                : null;
}
