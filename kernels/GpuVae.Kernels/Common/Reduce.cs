// Deterministic sums: each thread adds a fixed, strided set of elements in order, a group adds its threads in a fixed tree, one last
// group adds the groups' partial sums the same way. The number of groups follows from the length alone, so a result depends on the data and
// on the device's group size, never on which group happened to finish first. (Atomic additions would be shorter and would not have that.)

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Common;

/// <summary>What a reduction adds up.</summary>
public interface ITerm
{
    static abstract float Of(float x);
}

/// <summary>x itself.</summary>
public readonly struct Value : ITerm
{
    public static float Of(float x) => x;
}

/// <summary>x².</summary>
public readonly struct Square : ITerm
{
    public static float Of(float x) => x * x;
}

/// <summary>Sums over whole buffers and over columns, and the largest of each column.</summary>
public sealed class Reduce : IDisposable
{
    private const int MaxPartials = 64;
    private const int ElementsPerGroup = 4096;

    private readonly int groupSize;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> partials;
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, float, float> sum;
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, float, float> sumOfSquares;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, float, float> columnSums;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView> columnMaxima;

    public Reduce(Accelerator accelerator)
    {
        groupSize = GroupShapes.ForRow(accelerator);
        partials = accelerator.Allocate1D<float>(MaxPartials);
        sum = accelerator.LoadKernel<FloatView, FloatView, float, float>(SumKernel<Value>);
        sumOfSquares = accelerator.LoadKernel<FloatView, FloatView, float, float>(SumKernel<Square>);
        columnSums = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, float, float>(ColumnSumsKernel);
        columnMaxima = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView>(ColumnMaximaKernel);
    }

    /// <summary>result = scale·Σ x + keep·result, for example a mean with scale = 1/n. With keep = 0 the old value is not read.</summary>
    /// <param name="stream">Stream to run on; two sums of one instance must not run at the same time.</param>
    /// <param name="x">[n].</param>
    /// <param name="result">One element.</param>
    /// <param name="scale">Factor of the sum.</param>
    /// <param name="keep">Factor of what the result held before: 1 accumulates.</param>
    public void Sum(AcceleratorStream stream, FloatView x, FloatView result, float scale = 1f, float keep = 0f) =>
        Run(sum, stream, x, result, scale, keep);

    /// <summary>result = Σ x²: the square of the Euclidean norm, as clipping takes it.</summary>
    public void SumOfSquares(AcceleratorStream stream, FloatView x, FloatView result) => Run(sumOfSquares, stream, x, result, 1f, 0f);

    /// <summary>result[j] = scale·Σ_i x[i, j] + keep·result[j] for x [rows × columns], result [columns], rows added in order.</summary>
    public void ColumnSums(AcceleratorStream stream, FloatView x, FloatView result, float scale = 1f, float keep = 0f)
    {
        if (result.Length > 0)
            columnSums(stream, result.IntExtent, x, result, scale, keep);
    }

    /// <summary>result[j] = max_i x[i, j] for x [rows × columns], result [columns].</summary>
    public void ColumnMaxima(AcceleratorStream stream, FloatView x, FloatView result)
    {
        if (result.Length > 0)
            columnMaxima(stream, result.IntExtent, x, result);
    }

    public void Dispose() => partials.Dispose();

    private void Run(
        Action<AcceleratorStream, KernelConfig, FloatView, FloatView, float, float> first,
        AcceleratorStream stream, FloatView x, FloatView result, float scale, float keep)
    {
        int groups = (int)Math.Clamp(x.Length / ElementsPerGroup, 1, MaxPartials);
        if (groups == 1)
        {
            first(stream, (1, groupSize), x, result, scale, keep);
            return;
        }
        FloatView perGroup = partials.View.SubView(0, groups);
        first(stream, (groups, groupSize), x, perGroup, 1f, 0f);
        sum(stream, (1, groupSize), perGroup, result, scale, keep);
    }

    private static void SumKernel<TTerm>(FloatView x, FloatView result, float scale, float keep)
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
        float total = scale * GroupShapes.Sum(sum0 + sum1 + (sum2 + sum3), scratch);
        if (Group.IdxX == 0)
        {
            if (keep != 0f)
                total += keep * result[Grid.IdxX];
            result[Grid.IdxX] = total;
        }
    }

    private static void ColumnSumsKernel(Index1D column, FloatView x, FloatView result, float scale, float keep)
    {
        int columns = result.IntLength;
        int rows = x.IntLength / columns;
        float total = 0f;
        for (int row = 0; row < rows; row++)
            total += x[row * columns + column];
        total *= scale;
        if (keep != 0f)
            total += keep * result[column];
        result[column] = total;
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
