using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace GpuVae.Devices;

/// <summary>NVIDIA GPUs.</summary>
internal static class CudaDevices
{
    /// <summary>Those that ILGPU can use; what keeps others from it is added to <paramref name="obstacles"/>.</summary>
    public static List<CudaDevice> Find(List<string> obstacles)
    {
        if (!NativeLibraries.HasCuda)
        {
            obstacles.Add("CUDA: no driver found; for an NVIDIA GPU, install NVIDIA's.");
            return [];
        }
        try
        {
            CudaAPI driver = CudaAPI.CurrentAPI;
            if (!driver.IsSupported || driver.GetDeviceCount(out int count) != CudaError.CUDA_SUCCESS)
            {
                obstacles.Add("CUDA: the driver does not start; 'nvidia-smi' says why.");
                return [];
            }
            List<CudaDevice> all = [.. CudaDevice.GetDevices(_ => true).Cast<CudaDevice>()];
            // ILGPU stops at the first device that it fails to ask for its properties.
            if (all.Count < count)
                obstacles.Add($"CUDA: of {count} devices only {all.Count} answered the driver; 'nvidia-smi' says more.");
            obstacles.AddRange(all.Where(device => !IsUsable(device)).Select(device =>
                $"cuda {device.Name}: ILGPU knows no instruction set for its driver, {device.DriverVersion}; update the driver."));
            return [.. all.Where(IsUsable)];
        }
        catch (Exception error) when (error is CudaException or TypeInitializationException or NotSupportedException)
        {
            obstacles.Add($"CUDA: the driver fails: {DeviceErrors.Describe(error)}");
            return [];
        }
    }

    private static bool IsUsable(CudaDevice device) =>
        device.Architecture.HasValue
        && device.InstructionSet is { } instructions && PTXCodeGenerator.SupportedInstructionSets.Contains(instructions);
}
