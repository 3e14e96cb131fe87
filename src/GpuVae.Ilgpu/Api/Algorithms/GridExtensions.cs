using ILGPU.Runtime;

namespace ILGPU.Algorithms;

/// <summary>The body of a loop that all threads of a launch share.</summary>
public interface IGridStrideKernelBody
{
    /// <summary>One turn, for the element with this index.</summary>
    void Execute(LongIndex1D linearIndex);

    /// <summary>Called once per thread, after its last turn.</summary>
    void Finish();
}

/// <summary>Loops in which each thread takes every n-th element, n being the number of threads of the launch.</summary>
public static class GridExtensions
{
    /// <summary>The grid and group size for a loop over so many elements.</summary>
    public static (Index1D GridDim, Index1D GroupDim) ComputeGridStrideLoopExtent(
        this Accelerator accelerator, LongIndex1D numDataElements) =>
        accelerator.ComputeGridStrideLoopExtent(numDataElements, out _);

    /// <inheritdoc cref="ComputeGridStrideLoopExtent(Accelerator, LongIndex1D)"/>
    /// <param name="accelerator">The device.</param>
    /// <param name="numDataElements">The number of elements, at least 1.</param>
    /// <param name="numIterationsPerGroup">The turns that a thread takes at most.</param>
    public static (Index1D GridDim, Index1D GroupDim) ComputeGridStrideLoopExtent(
        this Accelerator accelerator, LongIndex1D numDataElements, out int numIterationsPerGroup)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numDataElements.X, nameof(numDataElements));
        var (maxGroups, group) = accelerator.MaxNumGroupsExtent;
        long needed = (numDataElements.X + group.X - 1) / group.X;
        int grid = (int)Math.Min(needed, maxGroups.X);
        numIterationsPerGroup = (int)((needed + grid - 1) / grid);
        return (grid, group);
    }

    /// <summary>Compiles a loop and returns its launcher, which takes the number of elements and the body.</summary>
    public static Action<AcceleratorStream, LongIndex1D, TBody> LoadGridStrideKernel<TBody>(this Accelerator accelerator)
        where TBody : struct, IGridStrideKernelBody
    {
        var kernel = accelerator.LoadKernel<LongIndex1D, TBody>(Run);
        return (stream, length, body) => kernel(stream, accelerator.ComputeGridStrideLoopExtent(length), length, body);
    }

    /// <summary>Runs a loop on the default stream.</summary>
    public static void LaunchGridStride<TBody>(this Accelerator accelerator, LongIndex1D numDataElements, in TBody body)
        where TBody : struct, IGridStrideKernelBody =>
        accelerator.LaunchGridStride(accelerator.DefaultStream, numDataElements, body);

    /// <summary>Runs a loop on a stream.</summary>
    public static void LaunchGridStride<TBody>(
        this Accelerator accelerator, AcceleratorStream stream, LongIndex1D numDataElements, in TBody body)
        where TBody : struct, IGridStrideKernelBody =>
        accelerator.Launch(Run, stream, accelerator.ComputeGridStrideLoopExtent(numDataElements), numDataElements, body);

    private static void Run<TBody>(LongIndex1D length, TBody body) where TBody : struct, IGridStrideKernelBody
    {
        long step = (long)Grid.DimX * Group.DimX;
        for (long i = ((long)Grid.IdxX * Group.DimX) + Group.IdxX; i < length.X; i += step)
            body.Execute(i);
        body.Finish();
    }
}
