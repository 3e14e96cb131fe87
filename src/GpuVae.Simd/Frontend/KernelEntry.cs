using System.Reflection;
using ILGPU;

namespace GpuVae.Simd.Frontend;

/// <summary>What to compile.</summary>
/// <param name="Method">The kernel: static, void, closed over its type arguments.</param>
/// <param name="IsImplicitlyGrouped">The first parameter is Index1D, Index2D or Index3D and the launch is bounds-guarded.</param>
/// <param name="Layout">The slots of the parameters after the index.</param>
/// <param name="SpecializedSlots">Values of the slots that belong to SpecializedValue parameters.</param>
internal sealed record KernelEntry(
    MethodInfo Method,
    bool IsImplicitlyGrouped,
    ParameterLayout Layout,
    IReadOnlyDictionary<int, ulong> SpecializedSlots)
{
    /// <summary>Whether static fields that are not readonly may be read (as constants) and stores to static fields be left out.</summary>
    public StaticFieldMode StaticFields { get; init; }
}
