namespace GpuVae.Devices;

/// <summary>A device with the name that opens it.</summary>
internal sealed record NamedDevice(string Name, Device Device)
{
    public DeviceDescription Describe() => new(
        Name, Device.AcceleratorType, Device.Name, MemoryBytes, Device.NumMultiprocessors, Device.WarpSize);

    // A device that counts memory without end, as ILGPU's CPU does, has the machine's.
    private long MemoryBytes => Math.Min(Device.MemorySize, Device.AcceleratorType == AcceleratorType.CPU
        ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes
        : long.MaxValue);
}
