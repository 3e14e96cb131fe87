using ILGPU.Runtime.OpenCL;

namespace GpuVae.Devices;

/// <summary>
/// OpenCL devices, chosen by the generic address space, which ILGPU's kernels need; not by the version of C that a device claims. Asked one
/// by one, so that a driver that fails takes no other with it.
/// </summary>
internal static class OpenCLDevices
{
    private const int MaxDevices = 64;

    /// <summary>Those that ILGPU can use; what keeps others from it is added to <paramref name="obstacles"/>.</summary>
    public static List<CLDevice> Find(List<string> obstacles)
    {
        var found = new List<CLDevice>();
        if (!NativeLibraries.HasOpenCL)
        {
            obstacles.Add("OpenCL: no loader found; install the device's driver (Debian: ocl-icd-libopencl1).");
            return found;
        }
        try
        {
            CLAPI loader = CLAPI.CurrentAPI;
            foreach (nint platform in Platforms(loader))
                AddDevices(loader, platform, found, obstacles);
            if (!loader.IsSupported)
                obstacles.Add(NativeLibraries.TryResolve()
                    ? "OpenCL: the loader lists no platform; install the device's driver (for processors, Debian: pocl-opencl-icd)."
                    : "OpenCL: this program resolves ILGPU's libraries itself; let it resolve OpenCL to libOpenCL.so.1.");
        }
        catch (Exception error) when (IsOfDriver(error))
        {
            obstacles.Add($"OpenCL: the loader fails: {DeviceErrors.Describe(error)}");
        }
        return found;
    }

    private static nint[] Platforms(CLAPI loader)
    {
        if (!loader.IsSupported)
            return [];
        CLException.ThrowIfFailed(loader.GetNumPlatforms(out int count));
        nint[] platforms = new nint[count];
        CLException.ThrowIfFailed(loader.GetPlatforms(platforms, ref count));
        return platforms;
    }

    private static void AddDevices(CLAPI loader, nint platform, List<CLDevice> found, List<string> obstacles)
    {
        nint[] devices = new nint[MaxDevices];
        CLError error = loader.GetDevices(platform, CLDeviceType.CL_DEVICE_TYPE_ALL, devices, out int count);
        if (error == CLError.CL_DEVICE_NOT_FOUND)
            return;
        if (error != CLError.CL_SUCCESS)
        {
            obstacles.Add($"OpenCL platform {PlatformName(loader, platform)}: the driver fails: {error}.");
            return;
        }
        foreach (nint handle in devices.Take(count))
        {
            try
            {
                var device = new CLDevice(platform, handle);
                if (device.GetDeviceInfo<int>(CLDeviceInfoType.CL_DEVICE_AVAILABLE) == 0)
                    obstacles.Add($"OpenCL device {device.Name}: its driver says that it is not available now.");
                else if (!device.Capabilities.GenericAddressSpace)
                    obstacles.Add(
                        $"OpenCL device {device.Name}: it lacks the generic address space, which ILGPU's kernels need; try a newer driver "
                        + "(PoCL has it since version 6).");
                else
                    found.Add(device);
            }
            catch (Exception failure) when (IsOfDriver(failure))
            {
                obstacles.Add($"OpenCL device of {PlatformName(loader, platform)}: the driver fails: {DeviceErrors.Describe(failure)}");
            }
        }
    }

    private static string PlatformName(CLAPI loader, nint platform)
    {
        try
        {
            return loader.GetPlatformInfo(platform, CLPlatformInfoType.CL_PLATFORM_NAME);
        }
        catch (CLException)
        {
            return "without a name";
        }
    }

    private static bool IsOfDriver(Exception error) => error is CLException or TypeInitializationException or NotSupportedException;
}
