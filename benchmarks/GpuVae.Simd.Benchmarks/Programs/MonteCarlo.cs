using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace GpuVae.Simd.Benchmarks.Programs;

/// <summary>
/// The price of a European call option as the mean of simulated outcomes: xorshift numbers (Marsaglia 2003), normal by Box and Muller's
/// formula. Black and Scholes' closed formula checks it.
/// </summary>
internal sealed class MonteCarlo() : BenchmarkProgram("Monte Carlo, option price", "Mpath")
{
    private const int PathsPerThread = 256;
    private const float Start = 100, Strike = 105, Rate = 0.03f, Volatility = 0.25f, Years = 1;

    public override int Size => 1 << 22;

    public override int EmulatorSize => 1 << 17;

    public override double Work(int size) => 1e-6 * size;

    private static void Simulate(Index1D index, ArrayView1D<float, Stride1D.Dense> sums)
    {
        uint state = Seed((uint)index.X);
        float drift = (Rate - 0.5f * Volatility * Volatility) * Years, spread = Volatility * XMath.Sqrt(Years);
        float sum = 0;
        for (int i = 0; i < PathsPerThread; i += 2)
        {
            float radius = XMath.Sqrt(-2 * XMath.Log(Uniform(ref state)));
            float angle = 2 * XMath.PI * Uniform(ref state);
            sum += XMath.Max(Start * XMath.Exp(drift + spread * radius * XMath.Cos(angle)) - Strike, 0);
            sum += XMath.Max(Start * XMath.Exp(drift + spread * radius * XMath.Sin(angle)) - Strike, 0);
        }
        sums[index] = sum;
    }

    /// <summary>Scatters neighbouring numbers, so that their sequences have nothing in common; never 0.</summary>
    private static uint Seed(uint number)
    {
        number = (number ^ 61) ^ (number >> 16);
        number *= 9;
        number ^= number >> 4;
        number *= 0x27d4eb2d;
        return (number ^ (number >> 15)) | 1;
    }

    /// <summary>In (0, 1).</summary>
    private static float Uniform(ref uint state)
    {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return ((state >> 9) + 0.5f) * (1f / (1 << 23));
    }

    public override PreparedRun OnAccelerator(Accelerator accelerator, int size)
    {
        int threads = size / PathsPerThread;
        float[] result = new float[threads];
        MemoryBuffer1D<float, Stride1D.Dense> sums = accelerator.Allocate1D<float>(threads);
        Action<Index1D, ArrayView1D<float, Stride1D.Dense>> kernel =
            accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView1D<float, Stride1D.Dense>>(Simulate);
        double price = 0;
        return new PreparedRun(
            () =>
            {
                kernel(threads, sums.View);
                sums.CopyToCPU(result);
                price = Price(result);
            },
            () => Check(price, size), sums);
    }

    public override PreparedRun InPlainCSharp(int size)
    {
        float[] sums = new float[size / PathsPerThread];
        double price = 0;
        return new PreparedRun(
            () =>
            {
                Parallel.For(0, sums.Length, index =>
                {
                    uint state = Seed((uint)index);
                    float drift = (Rate - 0.5f * Volatility * Volatility) * Years, spread = Volatility * MathF.Sqrt(Years);
                    float sum = 0;
                    for (int i = 0; i < PathsPerThread; i += 2)
                    {
                        float radius = MathF.Sqrt(-2 * MathF.Log(Uniform(ref state)));
                        (float sin, float cos) = MathF.SinCos(2 * MathF.PI * Uniform(ref state));
                        sum += Math.Max(Start * MathF.Exp(drift + spread * radius * cos) - Strike, 0);
                        sum += Math.Max(Start * MathF.Exp(drift + spread * radius * sin) - Strike, 0);
                    }
                    sums[index] = sum;
                });
                price = Price(sums);
            },
            () => Check(price, size));
    }

    private static double Price(float[] sums)
    {
        double sum = 0;
        foreach (float part in sums)
            sum += part;
        return sum / ((double)sums.Length * PathsPerThread) * Math.Exp(-Rate * Years);
    }

    /// <summary>Five standard errors around the closed formula; outcomes spread by about 20.</summary>
    private static void Check(double price, int paths)
    {
        double spread = Volatility * Math.Sqrt(Years);
        double d = (Math.Log(Start / Strike) + (Rate + 0.5 * Volatility * Volatility) * Years) / spread;
        double exact = Start * NormalDistribution(d) - Strike * Math.Exp(-Rate * Years) * NormalDistribution(d - spread);
        Expect.Close("the option's price", price, exact, 20 / Math.Sqrt(paths), 5);
    }

    /// <summary>Simpson's rule from 0 to x.</summary>
    private static double NormalDistribution(double x)
    {
        const int steps = 1000;
        double sum = 0;
        for (int i = 0; i <= steps; i++)
        {
            double t = x * i / steps;
            sum += Math.Exp(-0.5 * t * t) * (i is 0 or steps ? 1 : i % 2 == 1 ? 4 : 2);
        }
        return 0.5 + sum * x / steps / 3 / Math.Sqrt(2 * Math.PI);
    }
}
