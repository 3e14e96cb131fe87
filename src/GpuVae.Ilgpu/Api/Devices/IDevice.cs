namespace ILGPU.Runtime;

/// <summary>The description that devices and accelerators share.</summary>
public interface IDevice
{
    AcceleratorType AcceleratorType { get; }

    string Name { get; }

    /// <summary>Device memory in bytes.</summary>
    long MemorySize { get; }

    /// <summary>The largest number of groups along each axis.</summary>
    Index3D MaxGridSize { get; }

    /// <summary>The largest number of threads of a group along each axis.</summary>
    Index3D MaxGroupSize { get; }

    int MaxNumThreadsPerGroup { get; }

    /// <summary>Shared memory of a group in bytes.</summary>
    int MaxSharedMemoryPerGroup { get; }

    /// <summary>Constant memory in bytes.</summary>
    int MaxConstantMemory { get; }

    /// <summary>Threads that run in lockstep.</summary>
    int WarpSize { get; }

    int NumMultiprocessors { get; }

    int MaxNumThreadsPerMultiprocessor { get; }

    /// <summary>Threads that can be resident on the whole device.</summary>
    int MaxNumThreads { get; }

    CapabilityContext Capabilities { get; }

    /// <summary>Writes the description as lines of text.</summary>
    void PrintInformation(TextWriter writer);
}
