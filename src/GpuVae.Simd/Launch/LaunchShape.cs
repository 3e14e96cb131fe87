using ILGPU;

namespace GpuVae.Simd.Launch;

/// <summary>The shape of one launch.</summary>
/// <param name="Grid">Groups along each axis; all 0 for an implicitly grouped kernel, whose executor computes it.</param>
/// <param name="Group">Threads of a group along each axis; all 0 where the executor is to choose.</param>
/// <param name="Extent">The extent of an implicitly grouped launch, otherwise all 0.</param>
/// <param name="DynamicSharedBytes">Dynamic shared memory of a group.</param>
internal readonly record struct LaunchShape(Index3D Grid, Index3D Group, Index3D Extent, int DynamicSharedBytes)
{
    /// <summary>An implicitly grouped launch in rows of so many threads.</summary>
    public LaunchShape InGroupsOf(int width) => this with
    {
        Group = new(width, 1, 1),
        Grid = new((int)(((long)Extent.X + width - 1) / width), Extent.Y, Extent.Z),
    };
}
