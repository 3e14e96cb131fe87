namespace ILGPU.Runtime.Cuda;

/// <summary>CUDA devices of a context.</summary>
public static class CudaContextExtensions
{
    /// <summary>Adds the NVIDIA GPUs.</summary>
    public static Context.Builder Cuda(this Context.Builder builder) => builder.Cuda((CudaDevice _) => true);

    /// <summary>Adds the NVIDIA GPUs that the predicate accepts.</summary>
    public static Context.Builder Cuda(this Context.Builder builder, Predicate<CudaDevice> predicate)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(predicate);
        return builder.AddDevices(() => CudaDevice.FindAll().Where(device => predicate(device)));
    }

    public static CudaDevice GetCudaDevice(this Context context, int index) => context.GetDevice<CudaDevice>(index);

    public static DeviceCollection<CudaDevice> GetCudaDevices(this Context context) => context.GetDevices<CudaDevice>();

    public static CudaAccelerator CreateCudaAccelerator(this Context context, int index) =>
        context.CreateCudaAccelerator(index, CudaAcceleratorFlags.ScheduleAuto);

    public static CudaAccelerator CreateCudaAccelerator(this Context context, int index, CudaAcceleratorFlags flags) =>
        context.GetCudaDevice(index).CreateAccelerator(context, flags);
}
