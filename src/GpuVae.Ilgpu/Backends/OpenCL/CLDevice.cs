using System.Collections.Immutable;
using System.Text;
using GpuVae.Ilgpu.Backends.OpenCL;

namespace ILGPU.Runtime.OpenCL;

/// <summary>A device of an OpenCL platform, version 1.2 or newer; a generic address space is not needed.</summary>
public sealed unsafe class CLDevice : Device
{
    /// <summary>
    /// Groups are not larger than this even where the driver allows it, so that a group has at most as many warps as a warp lanes.
    /// </summary>
    private const int MaxThreads = 1024;

    private const uint WarpSizeNV = 0x4003;
    private const uint WavefrontWidthAMD = 0x4043;

    private CLDevice(OpenCLApi api, nint platform, nint device)
    {
        PlatformId = platform;
        DeviceId = device;
        PlatformName = PlatformText(api, platform, OpenCLApi.PlatformName);
        PlatformVersion = PlatformText(api, platform, OpenCLApi.PlatformVersion);
        Name = Text(api, device, OpenCLApi.DeviceName);
        Vendor = Text(api, device, OpenCLApi.DeviceVendor);
        DriverVersion = Text(api, device, OpenCLApi.DriverVersion);
        DeviceVersion = Text(api, device, OpenCLApi.DeviceVersion);
        CVersion = CLCVersion.Parse(Text(api, device, OpenCLApi.DeviceOpenCLCVersion));
        CLStdVersion = CLCVersion.Parse(DeviceVersion);
        Extensions = [.. Text(api, device, OpenCLApi.DeviceExtensions).Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        DeviceType = (CLDeviceType)Number<ulong>(api, device, OpenCLApi.DeviceType);
        ClockRate = (int)Number<uint>(api, device, OpenCLApi.DeviceMaxClockFrequency);
        MaxAllocationSize = (long)Number<ulong>(api, device, OpenCLApi.DeviceMaxMemAllocSize);
        MemorySize = (long)Number<ulong>(api, device, OpenCLApi.DeviceGlobalMemSize);
        MaxSharedMemoryPerGroup = (int)Math.Min(int.MaxValue, Number<ulong>(api, device, OpenCLApi.DeviceLocalMemSize));
        MaxConstantMemory = (int)Math.Min(int.MaxValue, Number<ulong>(api, device, OpenCLApi.DeviceMaxConstantBufferSize));
        NumMultiprocessors = (int)Number<uint>(api, device, OpenCLApi.DeviceMaxComputeUnits);
        MaxNumThreadsPerGroup = (int)Math.Min(MaxThreads, Number<nuint>(api, device, OpenCLApi.DeviceMaxWorkGroupSize));
        MaxNumThreadsPerMultiprocessor = MaxNumThreadsPerGroup;
        MaxGridSize = new(int.MaxValue);
        MaxGroupSize = GroupLimits(api, device, MaxNumThreadsPerGroup);

        ulong floats = Number<ulong>(api, device, OpenCLApi.DeviceSingleFpConfig);
        var (subGroups, warpSize) = FindSubGroups(api, device);
        Features = new OpenCLFeatures
        {
            Float64 = HasExtension("cl_khr_fp64") || Number<ulong>(api, device, OpenCLApi.DeviceDoubleFpConfig) != 0,
            Int64Atomics = HasExtension("cl_khr_int64_base_atomics"),
            Int64ExtendedAtomics = HasExtension("cl_khr_int64_extended_atomics"),
            FusedMultiplyAdd = (floats & OpenCLApi.FpFma) != 0,
            NeedsBarrierBehindLoops = PlatformName == "Portable Computing Language",
            SubGroups = subGroups,
            WarpSize = warpSize,
        };
        RoundsDivision = (floats & OpenCLApi.FpCorrectlyRoundedDivideSqrt) != 0;
        WarpSize = warpSize;
        Capabilities = new CLCapabilityContext
        {
            Float16 = HasExtension("cl_khr_fp16"),
            Float64 = Features.Float64,
            Int64_Atomics = Features.Int64Atomics,
            SubGroups = subGroups != SubGroupSupport.Emulated,
            GenericAddressSpace = CLStdVersion.Major == 2 || HasExtension("__opencl_c_generic_address_space"),
        };
    }

    public override AcceleratorType AcceleratorType => AcceleratorType.OpenCL;

    /// <summary>The cl_platform_id.</summary>
    public IntPtr PlatformId { get; }

    /// <summary>The cl_device_id.</summary>
    public IntPtr DeviceId { get; }

    public string PlatformName { get; }

    public string PlatformVersion { get; }

    public string Vendor { get; }

    public string DriverVersion { get; }

    public string DeviceVersion { get; }

    /// <summary>The version of OpenCL C.</summary>
    public CLCVersion CVersion { get; }

    /// <summary>The version of OpenCL that the device implements.</summary>
    public CLCVersion CLStdVersion { get; }

    public ImmutableHashSet<string> Extensions { get; }

    /// <summary>MHz.</summary>
    public int ClockRate { get; }

    /// <summary>Bytes of the largest single buffer.</summary>
    public long MaxAllocationSize { get; }

    public CLDeviceType DeviceType { get; }

    public override CLCapabilityContext Capabilities { get; }

    internal OpenCLFeatures Features { get; }

    /// <summary>Division and square root of floats can be asked to round correctly.</summary>
    internal bool RoundsDivision { get; }

    public bool HasExtension(string extension) => Extensions.Contains(extension);

    public override Accelerator CreateAccelerator(Context context) => CreateCLAccelerator(context);

    /// <summary>Opens the device.</summary>
    /// <exception cref="CLException">The driver refused.</exception>
    public CLAccelerator CreateCLAccelerator(Context context)
    {
        var accelerator = new CLAccelerator(context, this);
        context.OnAcceleratorCreated(accelerator);
        return accelerator;
    }

    /// <summary>
    /// The usable devices of all platforms; what keeps others from being used is added to <paramref name="obstacles"/>.
    /// </summary>
    internal static IReadOnlyList<CLDevice> FindAll(List<string>? obstacles = null)
    {
        var devices = new List<CLDevice>();
        if (OpenCLApi.Instance is not { } api)
        {
            obstacles?.Add("OpenCL: no loader of version 1.2 found; install the device's driver (Debian: ocl-icd-libopencl1).");
            return devices;
        }
        nint[] platforms = Platforms(api);
        if (platforms.Length == 0)
            obstacles?.Add("OpenCL: the loader lists no platform; install the device's driver (for processors, Debian: pocl-opencl-icd).");
        foreach (nint platform in platforms)
        {
            foreach (nint device in Devices(api, platform))
            {
                string version = Text(api, device, OpenCLApi.DeviceVersion);
                string? obstacle = Number<uint>(api, device, OpenCLApi.DeviceAvailable) == 0 ? "it is not available"
                    : Number<uint>(api, device, OpenCLApi.DeviceCompilerAvailable) == 0 ? "its driver has no compiler"
                    : CLCVersion.Parse(version) < new CLCVersion(1, 2) ? $"{version} is below OpenCL 1.2"
                    : null;
                if (obstacle is null)
                    devices.Add(new CLDevice(api, platform, device));
                else
                    obstacles?.Add($"OpenCL device {Text(api, device, OpenCLApi.DeviceName)}: {obstacle}.");
            }
        }
        return devices;
    }

    protected override void PrintDetails(TextWriter writer)
    {
        writer.WriteLine($"  Platform:                         {PlatformName}, {PlatformVersion}");
        writer.WriteLine($"  Vendor, driver:                   {Vendor}, {DriverVersion}");
        writer.WriteLine($"  Version, OpenCL C:                {CLStdVersion}, {CVersion}");
        writer.WriteLine($"  Warps:                            {(Capabilities.SubGroups ? "sub-groups" : "emulated in local memory")}");
    }

    private static nint[] Platforms(OpenCLApi api)
    {
        uint count;
        if (api.GetPlatformIDs(0, null, &count) != OpenCLApi.Success || count == 0)
            return [];
        var platforms = new nint[count];
        fixed (nint* first = platforms)
            return api.GetPlatformIDs(count, first, null) == OpenCLApi.Success ? platforms : [];
    }

    private static nint[] Devices(OpenCLApi api, nint platform)
    {
        uint count;
        if (api.GetDeviceIDs(platform, OpenCLApi.DeviceTypeAll, 0, null, &count) != OpenCLApi.Success || count == 0)
            return [];
        var devices = new nint[count];
        fixed (nint* first = devices)
            return api.GetDeviceIDs(platform, OpenCLApi.DeviceTypeAll, count, first, null) == OpenCLApi.Success ? devices : [];
    }

    private static string Text(OpenCLApi api, nint device, uint name)
    {
        nuint size;
        if (api.GetDeviceInfo(device, name, 0, null, &size) != OpenCLApi.Success || size == 0)
            return "";
        byte[] bytes = new byte[size];
        fixed (byte* first = bytes)
            api.GetDeviceInfo(device, name, size, first, null);
        return Encoding.UTF8.GetString(bytes).TrimEnd('\0').Trim();
    }

    private static string PlatformText(OpenCLApi api, nint platform, uint name)
    {
        nuint size;
        if (api.GetPlatformInfo(platform, name, 0, null, &size) != OpenCLApi.Success || size == 0)
            return "";
        byte[] bytes = new byte[size];
        fixed (byte* first = bytes)
            api.GetPlatformInfo(platform, name, size, first, null);
        return Encoding.UTF8.GetString(bytes).TrimEnd('\0').Trim();
    }

    /// <summary>A number that the device reports, or 0 where it does not know the question.</summary>
    private static T Number<T>(OpenCLApi api, nint device, uint name) where T : unmanaged
    {
        T value = default;
        return api.GetDeviceInfo(device, name, (nuint)sizeof(T), &value, null) == OpenCLApi.Success ? value : default;
    }

    private static Index3D GroupLimits(OpenCLApi api, nint device, int maxThreads)
    {
        uint dimensions = Math.Max(3, Number<uint>(api, device, OpenCLApi.DeviceMaxWorkItemDimensions));
        nuint* sizes = stackalloc nuint[(int)dimensions];
        int code = api.GetDeviceInfo(device, OpenCLApi.DeviceMaxWorkItemSizes, dimensions * (nuint)sizeof(nuint), sizes, null);
        return code == OpenCLApi.Success ? new(Limit(sizes[0]), Limit(sizes[1]), Limit(sizes[2])) : new(maxThreads, 1, 1);

        int Limit(nuint size) => (int)Math.Min((nuint)maxThreads, size);
    }

    /// <summary>Sub-groups are usable where values can be shuffled and the width is known before a kernel is compiled.</summary>
    private (SubGroupSupport Support, int WarpSize) FindSubGroups(OpenCLApi api, nint device)
    {
        if (HasExtension("cl_intel_subgroups") && HasExtension("cl_intel_required_subgroup_size"))
        {
            nuint size;
            if (api.GetDeviceInfo(device, OpenCLApi.DeviceSubGroupSizesIntel, 0, null, &size) == OpenCLApi.Success && size > 0)
            {
                var widths = new nuint[(int)size / sizeof(nuint)];
                fixed (nuint* first = widths)
                    api.GetDeviceInfo(device, OpenCLApi.DeviceSubGroupSizesIntel, size, first, null);

                // 16 lanes leave each the most registers without halving the use of the execution units.
                int width = widths.Contains((nuint)16) ? 16 : (int)widths.Max();
                return (SubGroupSupport.Intel, width);
            }
        }
        if (HasExtension("cl_khr_subgroups") && HasExtension("cl_khr_subgroup_shuffle"))
        {
            int width = (int)Math.Max(Number<uint>(api, device, WavefrontWidthAMD), Number<uint>(api, device, WarpSizeNV));
            if (width > 0)
                return (SubGroupSupport.Khronos, width);
        }
        return (SubGroupSupport.Emulated, OpenCLFeatures.EmulatedWarpSize);
    }
}
