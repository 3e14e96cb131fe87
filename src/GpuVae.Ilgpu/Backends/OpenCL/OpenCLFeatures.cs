namespace GpuVae.Ilgpu.Backends.OpenCL;

internal enum SubGroupSupport : byte
{
    /// <summary>Warps are emulated: values are exchanged through local memory, between barriers of the group.</summary>
    Emulated,

    /// <summary>cl_intel_subgroups, with cl_intel_required_subgroup_size to pin the width.</summary>
    Intel,

    /// <summary>cl_khr_subgroups with cl_khr_subgroup_shuffle.</summary>
    Khronos,
}

/// <summary>What the emitted source may use on a device.</summary>
internal sealed record OpenCLFeatures
{
    /// <summary>Lanes per warp where warps are emulated: 32 warps of 32 lanes are the 1024 threads of the largest group.</summary>
    public const int EmulatedWarpSize = 32;

    public bool Float64 { get; init; }

    /// <summary>cl_khr_int64_base_atomics: add, exchange, compare-exchange.</summary>
    public bool Int64Atomics { get; init; }

    /// <summary>cl_khr_int64_extended_atomics: min, max, and, or, xor.</summary>
    public bool Int64ExtendedAtomics { get; init; }

    /// <summary>fma() is an instruction and not a library routine.</summary>
    public bool FusedMultiplyAdd { get; init; }

    /// <summary>
    /// A loop with barriers must be followed by one. PoCL 3.1 otherwise runs what stands behind such a loop once too early when the trip
    /// count
    /// is not constant (seen from the second group on: with a = a·½ behind the loop, a was halved twice).
    /// </summary>
    public bool NeedsBarrierBehindLoops { get; init; }

    public SubGroupSupport SubGroups { get; init; }

    public int WarpSize { get; init; } = EmulatedWarpSize;
}
