namespace ILGPU.Runtime.CPU;

/// <summary>How a CPU accelerator runs kernels.</summary>
public enum CPUAcceleratorMode
{
    /// <summary>The fastest way.</summary>
    Auto,

    /// <summary>On one thread, in a fixed order.</summary>
    Sequential,

    /// <summary>On all processors.</summary>
    Parallel,

    /// <summary>As .NET code, one kernel thread after the other: slow, but a debugger can step through it.</summary>
    Emulated,

    /// <summary>Interpreted, with a report of what a GPU would silently get wrong: slow.</summary>
    Checked,
}
