using GpuVae.Simd;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Devices;

/// <summary>The devices of this machine under the names that users know them by.</summary>
internal sealed class DeviceCatalog
{
    private const string Emulator = "ilgpu-cpu";

    private readonly List<string> obstacles = [];

    private DeviceCatalog()
    {
        List<CudaDevice> cuda = CudaDevices.Find(obstacles);
        List<CLDevice> openCL = OpenCLDevices.Find(obstacles);
        List<CLDevice> graphics = [.. openCL.Where(device => device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_GPU))];
        // A processor is driven directly before it is driven through OpenCL (PoCL).
        Devices =
        [
            .. cuda.Select((device, index) => new NamedDevice($"cuda:{index}", device)),
            .. Named(graphics),
            Cpu(),
            .. Named(openCL.Except(graphics)),
            new NamedDevice(Emulator, CPUDevice.Default),
        ];

        IEnumerable<NamedDevice> Named(IEnumerable<CLDevice> devices) =>
            devices.Select(device => new NamedDevice($"opencl:{openCL.IndexOf(device)}", device));
    }

    /// <summary>In the order of preference; the last, ILGPU's emulator, is only for those who ask for it.</summary>
    public IReadOnlyList<NamedDevice> Devices { get; }

    /// <summary>What keeps others from being used: one sentence each, with what to do.</summary>
    public IReadOnlyList<string> Obstacles => obstacles;

    public static DeviceCatalog OfThisMachine()
    {
        NativeLibraries.TryResolve();
        return new DeviceCatalog();
    }

    /// <summary>A device by its name, <c>auto</c> included; a number left out is 0.</summary>
    /// <exception cref="BadInputException">There is none; the message lists those that exist.</exception>
    public static NamedDevice Find(string name)
    {
        // Drivers take their time to start: not for who wants none.
        NamedDevice cpu = Cpu();
        if (IsMeant(name, cpu.Name))
            return cpu;
        DeviceCatalog catalog = OfThisMachine();
        bool isAuto = name.Equals("auto", StringComparison.OrdinalIgnoreCase);
        return catalog.Devices.FirstOrDefault(device => isAuto || IsMeant(name, device.Name)) ?? throw new BadInputException(
            $"There is no device '{name}'. This machine has: "
            + string.Join(", ", catalog.Devices.Select(device => $"{device.Name} ({device.Device.Name})"))
            + "; 'auto' takes the first of them.");
    }

    /// <summary>The name of an accelerator that somebody else made.</summary>
    public static string NameOf(Accelerator accelerator) => accelerator.Device switch
    {
        SimdDevice => "cpu",
        CPUDevice => Emulator,
        Device device => OfThisMachine().Devices.FirstOrDefault(entry => entry.Device.Equals(device))?.Name
            ?? accelerator.AcceleratorType.ToString().ToLowerInvariant(),
    };

    private static NamedDevice Cpu() => new("cpu", new SimdDevice(CpuOptions.OfThisProcess));

    private static bool IsMeant(string wanted, string name) =>
        wanted.Equals(name, StringComparison.OrdinalIgnoreCase) ||
        (wanted + ":0").Equals(name, StringComparison.OrdinalIgnoreCase) ||
        wanted.Equals(name + ":0", StringComparison.OrdinalIgnoreCase);
}
