namespace GpuVae.Devices;

/// <summary>
/// Says that something cannot fit before it is tried: a driver would say less, and a system that promises memory which it does not have
/// would end the process later.
/// </summary>
internal static class DeviceMemory
{
    /// <summary>Has the device as many bytes as <paramref name="floats"/> take, if nothing else were on it?</summary>
    /// <exception cref="BadInputException">It has not.</exception>
    public static void Require(ComputeDevice device, long floats, string purpose)
    {
        const double gibibyte = 1 << 30;
        long needed = floats * sizeof(float), there = device.Accelerator.MemorySize;
        if (needed > there)
            throw new BadInputException(
                $"The {purpose} take {needed / gibibyte:F1} GiB, {device.Name} has {there / gibibyte:F1}. Choose a smaller model "
                + "(VaeOptions.Hidden, VaeOptions.ChannelsPerStage, VaeOptions.Latent), smaller images or TrainingOptions.BatchSize, or "
                + "another device.");
    }
}
