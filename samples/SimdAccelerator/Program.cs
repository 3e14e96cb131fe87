// An ordinary ILGPU program, on ILGPU's own CPU accelerator and on the SIMD accelerator.
//
//     dotnet run -c Release --project samples/SimdAccelerator
using System.Diagnostics;
using GpuVae.Simd;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

const int size = 512;
using var context = Context.Create(builder => builder.CPU());

// This is the line that changes.
using Accelerator before = context.CreateCPUAccelerator(0), after = context.CreateSimdAccelerator();

(double slow, int[,]? picture) = Draw(before);
(double fast, int[,]? same) = Draw(after);
int different = picture.Cast<int>().Zip(same.Cast<int>()).Count(pair => pair.First != pair.Second);
Console.WriteLine($"{before.Name}: {slow * 1e3:F1} ms");
Console.WriteLine($"{after.Name}: {fast * 1e3:F1} ms, {slow / fast:F0} times as fast");
Console.WriteLine($"{different} of {size * size} pixels differ, at the edge of the set: SIMD code rounds a·b+c once instead of twice");

for (int y = 0; y < size; y += size / 32)
    Console.WriteLine(string.Concat(Enumerable.Range(0, 64).Select(x => " .:-=+*#%@"[Math.Min(same[x * size / 64, y] / 4, 9)])));

static (double Seconds, int[,] Picture) Draw(Accelerator accelerator)
{
    Action<Index2D, ArrayView2D<int, Stride2D.DenseX>> kernel =
        accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView2D<int, Stride2D.DenseX>>(Mandelbrot);
    using MemoryBuffer2D<int, Stride2D.DenseX> turns = accelerator.Allocate2DDenseX<int>(new Index2D(size, size));
    kernel(turns.IntExtent, turns.View);
    accelerator.Synchronize();

    // The first launch compiled the kernel.
    long start = Stopwatch.GetTimestamp();
    kernel(turns.IntExtent, turns.View);
    accelerator.Synchronize();
    return (Stopwatch.GetElapsedTime(start).TotalSeconds, turns.GetAsArray2D());
}

static void Mandelbrot(Index2D index, ArrayView2D<int, Stride2D.DenseX> turns)
{
    float real = -2 + index.X * 2.5f / size, imaginary = -1.25f + index.Y * 2.5f / size;
    float x = 0, y = 0;
    int turn = 0;
    while (turn < 300 && x * x + y * y <= 4)
    {
        (x, y) = (x * x - y * y + real, 2 * x * y + imaginary);
        turn++;
    }
    turns[index] = turn;
}
