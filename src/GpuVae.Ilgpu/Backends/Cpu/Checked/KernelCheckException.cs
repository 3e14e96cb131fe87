namespace ILGPU.Runtime.CPU;

/// <summary>What a checked launch found.</summary>
public enum KernelDefect
{
    /// <summary>An index outside its view, or an address outside every buffer.</summary>
    OutOfBounds,

    /// <summary>A barrier, broadcast or shuffle that not all threads reach.</summary>
    DivergentBarrier,

    /// <summary>Two threads touch the same memory with no barrier between, one of them writing without an atomic.</summary>
    DataRace,

    /// <summary>Memory is read that nothing wrote.</summary>
    UninitializedRead,

    /// <summary>An address is no multiple of the size that is accessed, as after a cast of a view at an odd offset.</summary>
    MisalignedAccess,

    /// <summary>An integer is divided by zero.</summary>
    DivisionByZero,

    /// <summary>The condition of a Debug.Assert or Trace.Assert is false.</summary>
    AssertionFailed,
}

/// <summary>The checked CPU mode found a defect; the launch ended there. The message names kernel, source line, group and thread.</summary>
public sealed class KernelCheckException : AcceleratorException
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
