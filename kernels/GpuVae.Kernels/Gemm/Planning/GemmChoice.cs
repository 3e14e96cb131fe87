// Products and what may be chosen for them.

namespace GpuVae.Kernels.Gemm.Planning;

/// <summary>The kernels of a matrix product; see Gemm.cs.</summary>
public enum GemmVariant
{
    /// <summary>CPU: lanes own columns, operands as they lie.</summary>
    Lanes,

    /// <summary>As <see cref="Lanes"/>, A packed before.</summary>
    LanesPackedA,

    /// <summary>As <see cref="Lanes"/>, B packed before.</summary>
    LanesPackedB,

    /// <summary>As <see cref="Lanes"/>, both packed before.</summary>
    LanesPackedBoth,

    /// <summary>CPU: groups lay out their panels of B themselves.</summary>
    Staged,

    /// <summary>CPU: lanes share dot products.</summary>
    Dots,

    /// <summary>CPU: lanes own columns of a single row.</summary>
    Row,

    /// <summary>GPU: tiles of C with as many rows and columns; the smallest.</summary>
    Tile16x16,

    /// <inheritdoc cref="Tile16x16"/>
    Tile32x32,

    /// <inheritdoc cref="Tile16x16"/>
    Tile64x64,

    /// <inheritdoc cref="Tile16x16"/>
    Tile128x64,

    /// <inheritdoc cref="Tile16x16"/>
    Tile128x128,
}

/// <summary>What products are computed in. Sums are always float32, as are operands and results in memory.</summary>
public enum MatrixPrecision
{
    /// <summary>float32.</summary>
    Float32,

    /// <summary>Operands rounded to TF32 (10 bits of fraction): NVIDIA GPUs of compute capability 8.0 and newer.</summary>
    Tf32,

    /// <summary>Operands rounded to BF16 (7 bits of fraction): NVIDIA GPUs of compute capability 8.0 and newer.</summary>
    Bf16,
}

/// <summary>What a product is part of.</summary>
public enum GemmUse
{
    /// <summary>C = epilogue(alpha·op(A)·op(B) + beta·C) by itself.</summary>
    Product,

    /// <summary>Weight gradients of a layer (M = inputs, N = outputs, K = batch) by themselves.</summary>
    WeightGradient,

    /// <summary>Weight gradients of a layer (M = inputs, N = outputs, K = batch) together with those of its input.</summary>
    Gradients,

    /// <summary>A last layer with its loss.</summary>
    Loss,
}

/// <summary>A product as far as the choice of its kernel depends on it.</summary>
/// <param name="Use">What it is part of.</param>
/// <param name="TransposeA">Whether op(A) = Aᵀ.</param>
/// <param name="TransposeB">Whether op(B) = Bᵀ.</param>
/// <param name="M">Rows of C.</param>
/// <param name="N">Columns of C.</param>
/// <param name="K">Depth.</param>
public readonly record struct GemmProblem(GemmUse Use, bool TransposeA, bool TransposeB, int M, int N, int K);

/// <summary>How a product is computed. Two choices for one product differ in the last bits of the result at most.</summary>
/// <param name="Variant">The kernel.</param>
/// <param name="Slices">
/// Parts that the product is cut into along k: on GPUs for groups of their own, on CPUs one after the other, while the sums wait in C.
/// </param>
/// <param name="InputSlices">The same for the gradients of the input, in <see cref="GemmUse.Gradients"/> on GPUs.</param>
public readonly record struct GemmChoice(GemmVariant Variant, int Slices = 1, int InputSlices = 1);
