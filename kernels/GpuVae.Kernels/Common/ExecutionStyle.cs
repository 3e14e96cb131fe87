using ILGPU.Runtime;

namespace GpuVae.Kernels.Common;

/// <summary>How an accelerator runs the threads of a group, which decides what shape of kernel suits it.</summary>
public enum ExecutionStyle
{
    /// <summary>A warp is a vector and a group a loop over warps: few threads with much work each, and no barriers.</summary>
    Lanes,

    /// <summary>Many threads at once: large groups hide latencies and work together through shared memory.</summary>
    Groups,
}

/// <summary>The style of an accelerator.</summary>
public static class ExecutionStyles
{
    /// <summary>Processors run lanes, all others groups.</summary>
    public static ExecutionStyle ExecutionStyle(this Accelerator accelerator)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        return accelerator.AcceleratorType == AcceleratorType.CPU ? Common.ExecutionStyle.Lanes : Common.ExecutionStyle.Groups;
    }
}
