namespace GpuVae.Simd;

/// <summary>How a SIMD accelerator runs kernels.</summary>
public sealed record SimdOptions
{
    /// <summary>The threads that run groups, the launching one counted; null for one per processor.</summary>
    public int? Workers { get; init; }

    /// <summary>
    /// Each worker but the launching thread stays on a processor of its own; where the system cannot do that, it is ignored.
    /// </summary>
    public bool PinWorkers { get; init; }

    /// <summary>The width of vectors: 512, 256 or 128 bits, or 0 for scalar code; null for the widest the processor runs well.</summary>
    public int? VectorBits { get; init; }

    /// <summary>
    /// Kernels are interpreted, slowly, and accesses out of bounds, divergent barriers, races between barriers, reads of memory that
    /// nothing wrote and failed assertions end the launch with a <see cref="KernelCheckException"/>.
    /// </summary>
    public bool Checked { get; init; }

    /// <summary>
    /// Every buffer lies between two pages of NaNs; disposing one that a kernel wrote beyond throws a
    /// <see cref="SimdAcceleratorException"/>.
    /// </summary>
    public bool GuardBuffers { get; init; }
}
