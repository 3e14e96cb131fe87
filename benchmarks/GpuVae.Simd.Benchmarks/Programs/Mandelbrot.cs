using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Benchmarks.Programs;

/// <summary>How many turns of z ← z² + c it takes until |z| exceeds 2, per pixel of the plane around the Mandelbrot set.</summary>
internal sealed class Mandelbrot() : BenchmarkProgram("Mandelbrot set", "Mpixel")
{
    private const int MaximumTurns = 500;

    public override int Size => 1024;

    public override int EmulatorSize => 192;

    public override double Work(int size) => 1e-6 * size * size;

    private static void Iterate(Index2D index, ArrayView2D<int, Stride2D.DenseX> turns, float left, float top, float step)
    {
        float real = left + index.X * step, imaginary = top + index.Y * step;
        float x = 0, y = 0;
        int turn = 0;
        while (turn < MaximumTurns && x * x + y * y <= 4)
        {
            float next = x * x - y * y + real;
            y = 2 * x * y + imaginary;
            x = next;
            turn++;
        }
        turns[index] = turn;
    }

    public override PreparedRun OnAccelerator(Accelerator accelerator, int size)
    {
        MemoryBuffer2D<int, Stride2D.DenseX> turns = accelerator.Allocate2DDenseX<int>(new Index2D(size, size));
        Action<Index2D, ArrayView2D<int, Stride2D.DenseX>, float, float, float> kernel = accelerator.LoadAutoGroupedStreamKernel<
            Index2D, ArrayView2D<int, Stride2D.DenseX>, float, float, float>(Iterate);
        return new PreparedRun(
            () =>
            {
                kernel(new Index2D(size, size), turns.View, -2f, -1.25f, 2.5f / size);
                accelerator.Synchronize();
            },
            () => Check(size, turns.GetAsArray2D()), turns);
    }

    public override PreparedRun InPlainCSharp(int size)
    {
        int[,] turns = new int[size, size];
        return new PreparedRun(
            () => Parallel.For(0, size, row =>
            {
                float step = 2.5f / size, imaginary = -1.25f + row * step;
                for (int column = 0; column < size; column++)
                {
                    float real = -2 + column * step;
                    float x = 0, y = 0;
                    int turn = 0;
                    while (turn < MaximumTurns && x * x + y * y <= 4)
                    {
                        float next = x * x - y * y + real;
                        y = 2 * x * y + imaginary;
                        x = next;
                        turn++;
                    }
                    turns[column, row] = turn;
                }
            }),
            () => Check(size, turns));
    }

    /// <summary>
    /// Counts the pixels that differ from an iteration in double: near the edge of the set rounding decides, so a few do.
    /// </summary>
    private static void Check(int size, int[,] turns)
    {
        double step = 2.5 / size;
        int different = 0, seen = 0;
        for (int row = 0; row < size; row += 7)
        {
            for (int column = 0; column < size; column += 5)
            {
                double x = 0, y = 0;
                int turn = 0;
                while (turn < MaximumTurns && x * x + y * y <= 4)
                {
                    double next = x * x - y * y - 2 + column * step;
                    y = 2 * x * y - 1.25 + row * step;
                    x = next;
                    turn++;
                }
                seen++;
                if (turn != turns[column, row])
                    different++;
            }
        }
        Expect.Close("the share of pixels that differ from double", (double)different / seen, 0, 1, 0.02);
    }
}
