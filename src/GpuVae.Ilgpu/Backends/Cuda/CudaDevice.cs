using System.Text;
using GpuVae.Ilgpu.Backends.Cuda;

namespace ILGPU.Runtime.Cuda;

/// <summary>An NVIDIA GPU of compute capability 7.0 or newer.</summary>
public sealed unsafe class CudaDevice : Device
{
    private CudaDevice(CudaApi api, int ordinal, int device, int driverVersion)
    {
        DeviceId = ordinal;
        Handle = device;
        byte* name = stackalloc byte[256];
        api.Check(api.DeviceGetName(name, 255, device), "cuDeviceGetName");
        Name = Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));
        nuint memory;
        api.Check(api.DeviceTotalMem(&memory, device), "cuDeviceTotalMem");
        MemorySize = (long)memory;
        DriverVersion = new Version(driverVersion / 1000, driverVersion % 1000 / 10);
        Architecture = new CudaArchitecture(Attribute(CudaApi.DeviceCapabilityMajor), Attribute(CudaApi.DeviceCapabilityMinor));
        Target = PtxTarget.For(Architecture.Value.Number, driverVersion);
        InstructionSet = new CudaInstructionSet(Target.IsaVersion / 10, Target.IsaVersion % 10);
        WarpSize = Attribute(CudaApi.DeviceWarpSize);
        NumMultiprocessors = Attribute(CudaApi.DeviceMultiprocessorCount);
        MaxNumThreadsPerGroup = Attribute(CudaApi.DeviceMaxThreadsPerBlock);
        MaxNumThreadsPerMultiprocessor = Attribute(CudaApi.DeviceMaxThreadsPerMultiprocessor);
        MaxGroupSize = new(
            Attribute(CudaApi.DeviceMaxBlockDimX), Attribute(CudaApi.DeviceMaxBlockDimX + 1), Attribute(CudaApi.DeviceMaxBlockDimX + 2));
        MaxGridSize = new(
            Attribute(CudaApi.DeviceMaxGridDimX), Attribute(CudaApi.DeviceMaxGridDimX + 1), Attribute(CudaApi.DeviceMaxGridDimX + 2));

        // What a launch may ask for with the opt-in that CudaKernel makes; static shared memory alone ends at 48 KiB.
        MaxSharedMemoryPerGroup = Math.Max(Attribute(CudaApi.DeviceMaxSharedPerBlockOptIn), Attribute(CudaApi.DeviceMaxSharedPerBlock));
        MaxSharedMemoryPerMultiprocessor = Attribute(CudaApi.DeviceMaxSharedPerMultiprocessor);
        MaxConstantMemory = Attribute(CudaApi.DeviceTotalConstantMemory);
        TotalNumRegistersPerMultiprocessor = Attribute(CudaApi.DeviceMaxRegistersPerMultiprocessor);
        ClockRate = Attribute(CudaApi.DeviceClockRate);
        MemoryClockRate = Attribute(CudaApi.DeviceMemoryClockRate);
        MemoryBusWidth = Attribute(CudaApi.DeviceMemoryBusWidth);
        L2CacheSize = Attribute(CudaApi.DeviceL2CacheSize);
        HasECCSupport = Attribute(CudaApi.DeviceEccEnabled) != 0;
        PCIDomainId = Attribute(CudaApi.DevicePciDomainId);
        PCIBusId = Attribute(CudaApi.DevicePciBusId);
        PCIDeviceId = Attribute(CudaApi.DevicePciDeviceId);

        int Attribute(int which)
        {
            int value;
            api.Check(api.DeviceGetAttribute(&value, which, device), "cuDeviceGetAttribute");
            return value;
        }
    }

    public override AcceleratorType AcceleratorType => AcceleratorType.Cuda;

    /// <summary>The ordinal among the driver's devices.</summary>
    public int DeviceId { get; }

    /// <summary>The CUDA version of the driver.</summary>
    public Version DriverVersion { get; }

    public CudaArchitecture? Architecture { get; }

    /// <summary>The PTX ISA that kernels are written in.</summary>
    public CudaInstructionSet? InstructionSet { get; }

    public int MaxSharedMemoryPerMultiprocessor { get; }

    public int TotalNumRegistersPerMultiprocessor { get; }

    /// <summary>kHz.</summary>
    public int ClockRate { get; }

    /// <summary>kHz.</summary>
    public int MemoryClockRate { get; }

    /// <summary>Bits.</summary>
    public int MemoryBusWidth { get; }

    /// <summary>Bytes.</summary>
    public int L2CacheSize { get; }

    public bool HasECCSupport { get; }

    public int PCIDomainId { get; }

    public int PCIBusId { get; }

    public int PCIDeviceId { get; }

    public override CudaCapabilityContext Capabilities { get; } = new();

    /// <summary>The CUdevice.</summary>
    internal int Handle { get; }

    internal PtxTarget Target { get; }

    public override Accelerator CreateAccelerator(Context context) => CreateAccelerator(context, CudaAcceleratorFlags.ScheduleAuto);

    /// <summary>Opens the device.</summary>
    /// <exception cref="CudaException">The driver refused.</exception>
    public CudaAccelerator CreateAccelerator(Context context, CudaAcceleratorFlags flags)
    {
        var accelerator = new CudaAccelerator(context, this, flags);
        context.OnAcceleratorCreated(accelerator);
        return accelerator;
    }

    /// <summary>The usable devices; what keeps others from being used is added to <paramref name="obstacles"/>.</summary>
    internal static IReadOnlyList<CudaDevice> FindAll(List<string>? obstacles = null)
    {
        int count;
        int version;
        var devices = new List<CudaDevice>();
        if (CudaApi.Instance is not { } api)
        {
            obstacles?.Add($"CUDA: {CudaApi.Obstacle}.");
            return devices;
        }
        if (api.DeviceGetCount(&count) != CudaApi.Success || api.DriverGetVersion(&version) != CudaApi.Success || count == 0)
        {
            obstacles?.Add("CUDA: the driver lists no device.");
            return devices;
        }
        if (version < PtxTarget.MinDriverVersion)
        {
            obstacles?.Add($"CUDA: the driver is of version {version}, at least {PtxTarget.MinDriverVersion} is needed; update it.");
            return devices;
        }
        for (int i = 0; i < count; i++)
        {
            int device;
            int major;
            if (api.DeviceGet(&device, i) != CudaApi.Success
                || api.DeviceGetAttribute(&major, CudaApi.DeviceCapabilityMajor, device) != CudaApi.Success)
                obstacles?.Add($"CUDA device {i}: the driver does not answer for it.");
            else if (major < PtxTarget.MinArch / 10)
                obstacles?.Add($"CUDA device {i}: its compute capability {major}.x is below {PtxTarget.MinArch / 10}.0.");
            else
                devices.Add(new CudaDevice(api, i, device, version));
        }
        return devices;
    }

    protected override void PrintDetails(TextWriter writer)
    {
        writer.WriteLine($"  Architecture, PTX, driver:        {Architecture}, {InstructionSet}, CUDA {DriverVersion}");
        writer.WriteLine($"  Clock, memory clock:              {ClockRate / 1000} MHz, {MemoryClockRate / 1000} MHz");
        writer.WriteLine($"  Memory bus:                       {MemoryBusWidth} bits");
        writer.WriteLine($"  L2 cache:                         {L2CacheSize >> 10} KiB");
    }
}
