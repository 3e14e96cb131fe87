namespace ILGPU.Runtime;

/// <summary>The groups of an implicitly grouped launch on a GPU.</summary>
internal static class ImplicitGroups
{
    /// <summary>
    /// Threads of a group where registers allow it: enough warps to hide latencies, small enough to fill the device evenly.
    /// </summary>
    public const int PreferredSize = 256;

    /// <summary>As long along X as the extent has use for, the rest along Y and Z: neighbours in a row share memory transactions.</summary>
    /// <param name="extent">The extent of the launch.</param>
    /// <param name="maxThreads">The largest group, at least 1.</param>
    /// <param name="maxGroup">The longest group along each axis.</param>
    public static Index3D Choose(Index3D extent, int maxThreads, Index3D maxGroup)
    {
        int threads = Math.Min(PreferredSize, maxThreads);
        int x = Side(extent.X, Math.Min(threads, maxGroup.X));
        int y = Side(extent.Y, Math.Min(threads / x, maxGroup.Y));
        return new(x, y, Side(extent.Z, Math.Min(threads / x / y, maxGroup.Z)));
    }

    /// <summary>The groups that cover the extent.</summary>
    public static Index3D Cover(Index3D extent, Index3D group) =>
        new(Groups(extent.X, group.X), Groups(extent.Y, group.Y), Groups(extent.Z, group.Z));

    private static int Groups(int extent, int group) => (int)(((long)extent + group - 1) / group);

    private static int Side(int extent, int limit)
    {
        int side = 1;
        while (side < extent && side * 2 <= limit)
            side *= 2;
        return side;
    }
}
