using GpuVae.Kernels.Gemm.Planning;

namespace GpuVae.Devices;

/// <summary>How a device computes matrix products.</summary>
public sealed record ComputeOptions
{
    /// <summary>
    /// What operands are rounded to. Results that depend on it differ by about 3·10⁻⁴ (TF32) or 2·10⁻³ (BF16) of the norm of a product;
    /// sums, parameters and everything else stay float32.
    /// </summary>
    public MatrixPrecision Precision { get; init; } = MatrixPrecision.Float32;

    /// <summary>
    /// Measured choices of kernels. Without them a fixed rule chooses, so that the same seed gives the same bits on every device of a kind;
    /// with them, as long as the table is the same.
    /// </summary>
    public TuningTable? Tuning { get; init; }
}
