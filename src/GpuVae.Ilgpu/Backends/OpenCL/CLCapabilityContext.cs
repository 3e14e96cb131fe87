namespace ILGPU.Runtime.OpenCL;

/// <summary>What an OpenCL device offers beyond the common ground.</summary>
public sealed class CLCapabilityContext : CapabilityContext
{
    internal CLCapabilityContext()
    {
    }

    /// <summary>cl_khr_fp16. Kernels can store halves without it: arithmetic happens in float.</summary>
    public bool Float16 { get; internal init; }

    /// <summary>double is supported.</summary>
    public bool Float64 { get; internal init; }

    /// <summary>64-bit atomic operations are supported.</summary>
    public bool Int64_Atomics { get; internal init; }

    /// <summary>Warps are sub-groups; otherwise they are emulated in local memory.</summary>
    public bool SubGroups { get; internal init; }

    /// <summary>The device has a generic address space; kernels never need it.</summary>
    public bool GenericAddressSpace { get; internal init; }
}
