using System.Runtime.CompilerServices;

namespace ILGPU.Runtime;

/// <summary>The shape of one launch.</summary>
/// <param name="Grid">Groups along each axis; all 0 for an implicitly grouped kernel, whose backend computes it.</param>
/// <param name="Group">Threads of a group along each axis; all 0 where the backend is to choose.</param>
/// <param name="Extent">The extent of an implicitly grouped launch, otherwise all 0.</param>
/// <param name="DynamicSharedBytes">Dynamic shared memory of a group.</param>
internal readonly record struct LaunchShape(Index3D Grid, Index3D Group, Index3D Extent, int DynamicSharedBytes);

internal static class LaunchExtents
{
    /// <summary>The extent of an implicitly grouped launch on three axes.</summary>
    /// <exception cref="NotSupportedException">The index has 64-bit components.</exception>
    public static Index3D Of<TIndex>(TIndex extent) where TIndex : struct, IIndex
    {
        // Constant tests for the JIT: one branch remains per instantiation.
        if (typeof(TIndex) == typeof(Index1D))
            return new((Unsafe.BitCast<TIndex, Index1D>(extent)).X, 1, 1);
        if (typeof(TIndex) == typeof(Index2D))
            return new(Unsafe.BitCast<TIndex, Index2D>(extent), 1);
        if (typeof(TIndex) == typeof(Index3D))
            return Unsafe.BitCast<TIndex, Index3D>(extent);
        throw new NotSupportedException($"{typeof(TIndex).Name} cannot index a kernel; use Index1D, Index2D or Index3D.");
    }
}
