using ILGPU;

namespace GpuVae.Simd.Frontend;

internal enum TargetKind : byte
{
    /// <summary>Vector code.</summary>
    Simd,

    /// <summary>The interpreter that reports what a GPU would silently get wrong. Its IR keeps bounds checks and is not optimised.</summary>
    Checked,
}

/// <summary>What a kernel is compiled for; everything here is a compile-time constant inside the kernel.</summary>
internal sealed record KernelTarget(TargetKind Kind)
{
    /// <summary>Lanes per warp, or 0 where it is only known at run time.</summary>
    public int WarpSize { get; init; }

    /// <summary>The group's shape where the code is made for one shape, otherwise null.</summary>
    public (int X, int Y, int Z)? GroupDim { get; init; }

    /// <summary>A view that is written may share memory with one that is only read.</summary>
    public bool ViewsOverlap { get; init; }

    /// <summary>Debug.Assert and Trace.Assert inside kernels are kept.</summary>
    public bool Assertions { get; init; }
}

/// <summary>What to compile.</summary>
/// <param name="Method">The kernel: static, void, closed over its type arguments.</param>
/// <param name="IsImplicitlyGrouped">The first parameter is Index1D, Index2D or Index3D and the launch is bounds-guarded.</param>
/// <param name="Layout">The slots of the parameters after the index.</param>
/// <param name="SpecializedSlots">Values of the slots that belong to SpecializedValue parameters.</param>
internal sealed record KernelEntry(
    System.Reflection.MethodInfo Method,
    bool IsImplicitlyGrouped,
    ParameterLayout Layout,
    IReadOnlyDictionary<int, ulong> SpecializedSlots)
{
    /// <summary>Whether static fields that are not readonly may be read (as constants) and stores to static fields be left out.</summary>
    public StaticFieldMode StaticFields { get; init; }
}
