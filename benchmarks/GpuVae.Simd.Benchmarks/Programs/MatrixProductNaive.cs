using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Benchmarks.Programs;

/// <summary>C = A·B of square matrices, one thread per element of C.</summary>
internal sealed class MatrixProductNaive() : BenchmarkProgram("matrix product, naive", "GFLOP")
{
    public override int Size => 768;

    public override int EmulatorSize => 192;

    public override double Work(int size) => 2e-9 * size * size * size;

    private static void Multiply(
        Index2D index,
        ArrayView2D<float, Stride2D.DenseX> a,
        ArrayView2D<float, Stride2D.DenseX> b,
        ArrayView2D<float, Stride2D.DenseX> c)
    {
        float sum = 0;
        for (int k = 0; k < a.IntExtent.Y; k++)
            sum += a[index.X, k] * b[k, index.Y];
        c[index] = sum;
    }

    public override PreparedRun OnAccelerator(Accelerator accelerator, int size)
    {
        float[,] left = Matrices.Create(size, seed: 1), right = Matrices.Create(size, seed: 2);
        MemoryBuffer2D<float, Stride2D.DenseX> a = accelerator.Allocate2DDenseX(left);
        MemoryBuffer2D<float, Stride2D.DenseX> b = accelerator.Allocate2DDenseX(right);
        MemoryBuffer2D<float, Stride2D.DenseX> c = accelerator.Allocate2DDenseX<float>(new Index2D(size, size));
        Action<Index2D, ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseX>,
            ArrayView2D<float, Stride2D.DenseX>> kernel =
            accelerator.LoadAutoGroupedStreamKernel<
            Index2D, ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseX>>(
            Multiply);
        return new PreparedRun(
            () =>
            {
                kernel(new Index2D(size, size), a.View, b.View, c.View);
                accelerator.Synchronize();
            },
            () => Matrices.CheckProduct(left, right, c.GetAsArray2D()), a, b, c);
    }

    public override PreparedRun InPlainCSharp(int size)
    {
        float[,] a = Matrices.Create(size, seed: 1), b = Matrices.Create(size, seed: 2), c = new float[size, size];
        return new PreparedRun(
            () => Parallel.For(0, size, row =>
            {
                // Along the rows of B, so that memory is read in order.
                Span<float> result = Matrices.Row(c, row);
                Span<float> factors = Matrices.Row(a, row);
                result.Clear();
                for (int k = 0; k < factors.Length; k++)
                {
                    float factor = factors[k];
                    Span<float> other = Matrices.Row(b, k);
                    for (int column = 0; column < result.Length && column < other.Length; column++)
                        result[column] += factor * other[column];
                }
            }),
            () => Matrices.CheckProduct(a, b, c));
    }
}
