namespace ILGPU.Runtime;

/// <summary>Promises about the launches of a kernel that let the compiler give each thread more registers.</summary>
public readonly record struct KernelSpecialization
{
    /// <param name="maxNumThreadsPerGroup">No launch has larger groups.</param>
    /// <param name="minNumGroupsPerMultiprocessor">So many groups shall fit on a multiprocessor at once.</param>
    public KernelSpecialization(int? maxNumThreadsPerGroup, int? minNumGroupsPerMultiprocessor)
    {
        if (maxNumThreadsPerGroup is { } threads)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads, nameof(maxNumThreadsPerGroup));
        if (minNumGroupsPerMultiprocessor is { } groups)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups, nameof(minNumGroupsPerMultiprocessor));
        MaxNumThreadsPerGroup = maxNumThreadsPerGroup;
        MinNumGroupsPerMultiprocessor = minNumGroupsPerMultiprocessor;
    }

    /// <summary>No promise.</summary>
    public static KernelSpecialization Empty => default;

    public int? MaxNumThreadsPerGroup { get; }

    public int? MinNumGroupsPerMultiprocessor { get; }
}
