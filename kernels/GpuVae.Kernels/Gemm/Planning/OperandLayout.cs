namespace GpuVae.Kernels.Gemm.Planning;

/// <summary>How an operand lies in memory.</summary>
internal interface IOperandLayout
{
    /// <summary>Whether the elements of one row of op(A), or column of op(B), are neighbours; else those of one k.</summary>
    static abstract bool IsAlongDepth { get; }
}

internal readonly struct AlongDepth : IOperandLayout
{
    public static bool IsAlongDepth => true;
}

internal readonly struct AcrossDepth : IOperandLayout
{
    public static bool IsAlongDepth => false;
}
