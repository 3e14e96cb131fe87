using ILGPU;

namespace GpuVae.Simd;

/// <summary>A checked launch found a defect; the launch ended there. The message names kernel, source line, group and thread.</summary>
public sealed class KernelCheckException : SimdAcceleratorException
{
    internal KernelCheckException(KernelDefect defect, string kernel, string location, Index3D group, Index3D thread, string what)
        : base($"Kernel '{kernel}': {what}, in {location}, group {group}, thread {thread}.")
    {
        Defect = defect;
        Kernel = kernel;
        Location = location;
        Group = group;
        Thread = thread;
    }

    /// <summary>What kind of defect it is; the message says it in full.</summary>
    public KernelDefect Defect { get; }

    /// <summary>The kernel's name.</summary>
    public string Kernel { get; }

    /// <summary>The method with file and line, or with the IL offset where there is no PDB.</summary>
    public string Location { get; }

    /// <summary>The group's index in the grid.</summary>
    public Index3D Group { get; }

    /// <summary>The thread's index in its group.</summary>
    public Index3D Thread { get; }
}
