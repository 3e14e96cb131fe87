namespace ILGPU.Runtime.OpenCL;

/// <summary>OpenCL devices of a context.</summary>
public static class CLContextExtensions
{
    /// <summary>Adds the OpenCL devices of version 1.2 and newer.</summary>
    public static Context.Builder OpenCL(this Context.Builder builder) => builder.OpenCL(_ => true);

    /// <summary>Adds the OpenCL devices that the predicate accepts.</summary>
    public static Context.Builder OpenCL(this Context.Builder builder, Predicate<CLDevice> predicate)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(predicate);
        return builder.AddDevices(() => CLDevice.FindAll().Where(device => predicate(device)));
    }

    public static CLDevice GetCLDevice(this Context context, int index) => context.GetDevice<CLDevice>(index);

    public static DeviceCollection<CLDevice> GetCLDevices(this Context context) => context.GetDevices<CLDevice>();

    public static CLAccelerator CreateCLAccelerator(this Context context, int index) =>
        context.GetCLDevice(index).CreateCLAccelerator(context);
}
