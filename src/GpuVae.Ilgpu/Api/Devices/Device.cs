namespace ILGPU.Runtime;

/// <summary>A device that accelerators can be made for.</summary>
public abstract class Device : IDevice
{
    private protected Device()
    {
    }

    public abstract AcceleratorType AcceleratorType { get; }

    public string Name { get; protected init; } = string.Empty;

    public long MemorySize { get; protected init; }

    public Index3D MaxGridSize { get; protected init; }

    public Index3D MaxGroupSize { get; protected init; }

    public int MaxNumThreadsPerGroup { get; protected init; }

    public int MaxSharedMemoryPerGroup { get; protected init; }

    public int MaxConstantMemory { get; protected init; }

    public int WarpSize { get; protected init; }

    public int NumMultiprocessors { get; protected init; }

    public int MaxNumThreadsPerMultiprocessor { get; protected init; }

    public int MaxNumThreads => NumMultiprocessors * MaxNumThreadsPerMultiprocessor;

    public abstract CapabilityContext Capabilities { get; }

    /// <summary>Opens the device.</summary>
    public abstract Accelerator CreateAccelerator(Context context);

    public void PrintInformation(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteLine($"Device: {Name}");
        writer.WriteLine($"  Accelerator type:                 {AcceleratorType}");
        writer.WriteLine($"  Warp size:                        {WarpSize}");
        writer.WriteLine($"  Multiprocessors:                  {NumMultiprocessors}");
        writer.WriteLine($"  Threads per multiprocessor:       {MaxNumThreadsPerMultiprocessor}");
        writer.WriteLine($"  Threads per group:                {MaxNumThreadsPerGroup}, at most {MaxGroupSize}");
        writer.WriteLine($"  Groups per grid:                  at most {MaxGridSize}");
        writer.WriteLine($"  Memory:                           {MemorySize >> 20} MiB");
        writer.WriteLine($"  Shared memory per group:          {MaxSharedMemoryPerGroup >> 10} KiB");
        writer.WriteLine($"  Constant memory:                  {MaxConstantMemory >> 10} KiB");
        PrintDetails(writer);
    }

    public override string ToString() => $"{Name} [{AcceleratorType}]";

    /// <summary>Writes lines that only this kind of device has.</summary>
    protected virtual void PrintDetails(TextWriter writer)
    {
    }
}
