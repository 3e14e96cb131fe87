namespace GpuVae.Simd.Benchmarks;

/// <summary>Cuts [0, length) into one range per core for <see cref="Parallel"/>.</summary>
internal static class Ranges
{
    public static int Count { get; } = Environment.ProcessorCount;

    public static (int From, int To) Of(int range, int length) =>
        ((int)((long)length * range / Count), (int)((long)length * (range + 1) / Count));
}
