using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;

namespace ILGPU.Algorithms;

/// <summary>
/// Combines all elements of a view. Groups combine by atomics, so the rounding of floating-point sums may vary from run to run.
/// </summary>
public static class ReductionExtensions
{
    private const int MaxGroupSize = 256;

    /// <summary>Combines the elements of <paramref name="input"/> into the first element of <paramref name="output"/>.</summary>
    /// <exception cref="ArgumentException">The input or the output has no element.</exception>
    public static void Reduce<T, TReduction>(
        this Accelerator accelerator, AcceleratorStream stream, ArrayView<T> input, ArrayView<T> output)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        if (input.HasNoData() || output.HasNoData())
            throw new ArgumentException("A reduction needs at least one element of input and one of output.");
        int group = Math.Min(MaxGroupSize, accelerator.MaxNumThreadsPerGroup);
        int grid = (int)Math.Min((input.Length + group - 1) / group, accelerator.MaxNumGroupsExtent.Item1);
        accelerator.Initialize(stream, output.SubView(0L, 1L), default(TReduction).Identity);
        accelerator.Launch(Combine<T, TReduction>, stream, (grid, group), input, output);
    }

    /// <summary>Combines the elements of <paramref name="input"/>; waits for the result.</summary>
    /// <exception cref="ArgumentException">The input has no element.</exception>
    public static T Reduce<T, TReduction>(this Accelerator accelerator, AcceleratorStream stream, ArrayView<T> input)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        using var output = accelerator.Allocate1D<T>(1);
        accelerator.Reduce<T, TReduction>(stream, input, output.View.BaseView);
        T result = default;
        output.View.CopyToCPU(stream, ref result, 1);
        return result;
    }

    private static void Combine<T, TReduction>(ArrayView<T> input, ArrayView<T> output)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        TReduction reduction = default;
        T value = reduction.Identity;
        for (long i = Grid.GlobalLinearIndex; i < input.Length; i += Grid.GridStrideLoopStride)
            value = reduction.Apply(value, input[i]);
        value = GroupExtensions.Reduce<T, TReduction>(value);
        if (Group.IsFirstThread)
            reduction.AtomicApply(ref output[0], value);
    }
}
