// Deterministic sums: each thread adds a fixed, strided set of elements in order, a group adds its threads in a fixed tree, one last
// group adds the groups' partial sums the same way. The number of groups follows from the length alone, so a result depends on the data and
// on the device's group size, never on which group happened to finish first. (Atomic additions would be shorter and would not have that.)

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Common;

/// <summary>What a reduction adds up.</summary>
internal interface ITerm
{
    /// <summary>The term of an element.</summary>
    static abstract float Of(float x);
}

/// <summary>x itself.</summary>
internal readonly struct Value : ITerm
{
    public static float Of(float x) => x;
}

/// <summary>x².</summary>
internal readonly struct Square : ITerm
{
    public static float Of(float x) => x * x;
}

/// <summary>Sums over whole buffers, and the largest of each column.</summary>
public sealed class Reduce(Accelerator accelerator) : IDisposable
{
    private const int MaxPartials = 64;
    private const int ElementsPerGroup = 4096;

    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly MemoryBuffer1D<float, Stride1D.Dense> partials = accelerator.Allocate1D<float>(MaxPartials);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView> sum =
        accelerator.LoadKernel<FloatView, FloatView>(SumKernel<Value>);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView> sumOfSquares =
        accelerator.LoadKernel<FloatView, FloatView>(SumKernel<Square>);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView> columnMaxima =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView>(ColumnMaximaKernel);

    /// <summary>result = Σ x: x [n], result one element. Two sums of one instance must not run at the same time.</summary>
    public void Sum(AcceleratorStream stream, FloatView x, FloatView result) => Run(sum, stream, x, result);

    /// <summary>result = Σ x²: the square of the Euclidean norm, as clipping takes it.</summary>
    public void SumOfSquares(AcceleratorStream stream, FloatView x, FloatView result) => Run(sumOfSquares, stream, x, result);

    /// <summary>result[j] = max_i x[i, j] for x [rows × columns], result [columns].</summary>
    public void ColumnMaxima(AcceleratorStream stream, FloatView x, FloatView result)
    {
        if (result.Length > 0)
            columnMaxima(stream, result.IntExtent, x, result);
    }

    /// <summary>Frees the partial sums.</summary>
    public void Dispose() => partials.Dispose();

    private void Run(
        Action<AcceleratorStream, KernelConfig, FloatView, FloatView> first,
        AcceleratorStream stream, FloatView x, FloatView result)
    {
        int groups = (int)Math.Clamp(x.Length / ElementsPerGroup, 1, MaxPartials);
        if (groups == 1)
        {
            first(stream, (1, groupSize), x, result);
            return;
        }
        FloatView perGroup = partials.View.SubView(0, groups);
        first(stream, (groups, groupSize), x, perGroup);
        sum(stream, (1, groupSize), perGroup, result);
    }

    private static void SumKernel<TTerm>(FloatView x, FloatView result)
        where TTerm : struct, ITerm
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int length = x.IntLength;
        int step = Grid.DimX * Group.DimX;
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        // Four chains: one addition waits for the one before it.
        float sum0 = 0f, sum1 = 0f, sum2 = 0f, sum3 = 0f;
        for (; i < length - 3 * step; i += 4 * step)
        {
            sum0 += TTerm.Of(x[i]);
            sum1 += TTerm.Of(x[i + step]);
            sum2 += TTerm.Of(x[i + 2 * step]);
            sum3 += TTerm.Of(x[i + 3 * step]);
        }
        for (; i < length; i += step)
            sum0 += TTerm.Of(x[i]);
        GroupShapes.StoreSum(result, Grid.IdxX, sum0 + sum1 + (sum2 + sum3), scratch);
    }

    private static void ColumnMaximaKernel(Index1D column, FloatView x, FloatView result)
    {
        int columns = result.IntLength;
        int rows = x.IntLength / columns;
        float largest = x[column];
        for (int row = 1; row < rows; row++)
            largest = XMath.Max(largest, x[row * columns + column]);
        result[column] = largest;
    }
}
