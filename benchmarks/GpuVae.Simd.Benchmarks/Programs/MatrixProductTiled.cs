using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Benchmarks.Programs;

/// <summary>C = A·B of square matrices in tiles that a group brings into its shared memory.</summary>
internal sealed class MatrixProductTiled() : BenchmarkProgram("matrix product, tiled", "GFLOP")
{
    private const int Tile = 16;

    public override int Size => 768;

    public override int EmulatorSize => 96;

    public override int GroupSize => Tile * Tile;

    public override double Work(int size) => 2e-9 * size * size * size;

    private static void Multiply(
        ArrayView2D<float, Stride2D.DenseX> a,
        ArrayView2D<float, Stride2D.DenseX> b,
        ArrayView2D<float, Stride2D.DenseX> c)
    {
        ArrayView2D<float, Stride2D.DenseX> tileA =
            SharedMemory.Allocate2D<float, Stride2D.DenseX>(new Index2D(Tile, Tile), new Stride2D.DenseX(Tile));
        ArrayView2D<float, Stride2D.DenseX> tileB =
            SharedMemory.Allocate2D<float, Stride2D.DenseX>(new Index2D(Tile, Tile), new Stride2D.DenseX(Tile));
        int x = Group.IdxX, y = Group.IdxY;
        Index2D index = Grid.GlobalIndex.XY;
        float sum = 0;
        for (int start = 0; start < a.IntExtent.Y; start += Tile)
        {
            tileA[x, y] = index.X < a.IntExtent.X && start + y < a.IntExtent.Y ? a[index.X, start + y] : 0;
            tileB[x, y] = start + x < b.IntExtent.X && index.Y < b.IntExtent.Y ? b[start + x, index.Y] : 0;
            Group.Barrier();
            for (int k = 0; k < Tile; k++)
                sum += tileA[x, k] * tileB[k, y];
            Group.Barrier();
        }
        if (index.X < c.IntExtent.X && index.Y < c.IntExtent.Y)
            c[index] = sum;
    }

    public override PreparedRun OnAccelerator(Accelerator accelerator, int size)
    {
        float[,] left = Matrices.Create(size, seed: 1), right = Matrices.Create(size, seed: 2);
        MemoryBuffer2D<float, Stride2D.DenseX> a = accelerator.Allocate2DDenseX(left);
        MemoryBuffer2D<float, Stride2D.DenseX> b = accelerator.Allocate2DDenseX(right);
        MemoryBuffer2D<float, Stride2D.DenseX> c = accelerator.Allocate2DDenseX<float>(new Index2D(size, size));
        Action<KernelConfig, ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseX>,
            ArrayView2D<float, Stride2D.DenseX>> kernel =
            accelerator.LoadStreamKernel<
            ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseX>>(Multiply);
        int tiles = (size + Tile - 1) / Tile;
        return new PreparedRun(
            () =>
            {
                kernel((new Index2D(tiles, tiles), new Index2D(Tile, Tile)), a.View, b.View, c.View);
                accelerator.Synchronize();
            },
            () => Matrices.CheckProduct(left, right, c.GetAsArray2D()), a, b, c);
    }

    public override PreparedRun InPlainCSharp(int size)
    {
        float[,] a = Matrices.Create(size, seed: 1), b = Matrices.Create(size, seed: 2), c = new float[size, size];
        const int block = 64;
        int blocks = (size + block - 1) / block;
        return new PreparedRun(
            () => Parallel.For(0, blocks * blocks, position =>
            {
                // Blocks that fit the first-level cache; a 16×16 tile has too short rows for a processor.
                int top = position / blocks * block, left = position % blocks * block;
                int bottom = Math.Min(top + block, size), width = Math.Min(block, size - left);
                for (int row = top; row < bottom; row++)
                    Matrices.Row(c, row).Slice(left, width).Clear();
                for (int start = 0; start < size; start += block)
                {
                    for (int row = top; row < bottom; row++)
                    {
                        Span<float> result = Matrices.Row(c, row).Slice(left, width);
                        Span<float> factors = Matrices.Row(a, row).Slice(start, Math.Min(block, size - start));
                        for (int k = 0; k < factors.Length; k++)
                        {
                            float factor = factors[k];
                            Span<float> other = Matrices.Row(b, start + k).Slice(left, width);
                            for (int column = 0; column < result.Length && column < other.Length; column++)
                                result[column] += factor * other[column];
                        }
                    }
                }
            }),
            () => Matrices.CheckProduct(a, b, c));
    }
}
