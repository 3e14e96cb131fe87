namespace ILGPU.Runtime.CPU;

/// <summary>CPU devices of a context.</summary>
public static class CPUContextExtensions
{
    /// <summary>Adds the CPU.</summary>
    public static Context.Builder CPU(this Context.Builder builder) => builder.DefaultCPU();

    /// <summary>Adds the CPU, shaped like another device.</summary>
    public static Context.Builder CPU(this Context.Builder builder, CPUDeviceKind kind) => builder.CPU(CPUDevice.GetDevice(kind));

    public static Context.Builder CPU(this Context.Builder builder, CPUDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return builder.AddDevices(() => [device]);
    }

    /// <summary>Adds the presets that the predicate accepts.</summary>
    public static Context.Builder CPU(this Context.Builder builder, Predicate<CPUDevice> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return builder.AddDevices(() => Enum.GetValues<CPUDeviceKind>().Select(CPUDevice.GetDevice).Where(device => predicate(device)));
    }

    /// <summary>Adds the CPU with its own vectors and processors.</summary>
    public static Context.Builder DefaultCPU(this Context.Builder builder) => builder.CPU(CPUDeviceKind.Default);

    public static CPUDevice GetCPUDevice(this Context context, int index) => context.GetDevice<CPUDevice>(index);

    public static DeviceCollection<CPUDevice> GetCPUDevices(this Context context) => context.GetDevices<CPUDevice>();

    public static CPUAccelerator CreateCPUAccelerator(this Context context, int index) =>
        context.CreateCPUAccelerator(index, CPUAcceleratorMode.Auto);

    public static CPUAccelerator CreateCPUAccelerator(this Context context, int index, CPUAcceleratorMode mode) =>
        context.GetCPUDevice(index).CreateAccelerator(context, mode);

    public static CPUAccelerator CreateCPUAccelerator(
        this Context context, int index, CPUAcceleratorMode mode, ThreadPriority threadPriority) =>
        context.GetCPUDevice(index).CreateAccelerator(context, mode, threadPriority);

    /// <summary>An accelerator for the CPU, whether the context was built with it or not.</summary>
    public static CPUAccelerator GetImplicitCPUAccelerator(this Context context) =>
        CPUDevice.Default.CreateAccelerator(context, CPUAcceleratorMode.Auto);
}
