using GpuVae.Kernels.Random;

namespace GpuVae.Kernels.Tests.Ops;

internal static class RandomOps
{
    private const ulong Seed = 0x1234_5678_9ABC_DEF0;

    public static IEnumerable<Op> Rows()
    {
        foreach (int n in OpTable.Sizes)
        {
            // 24-bit integers scaled by a power of two: exact.
            yield return new Op($"Uniform {n}", 0, run =>
                Fill(run).Uniform(run.Stream, run.Expect("u", Sequence(n, Uniform)), Seed, RandomPurpose.Initialization, 7, 0f, 1f));
            // A few ulp of log, sin and cos. Angles reach 2π, whose rounding alone is 1.2e-7 of the radius.
            yield return new Op($"Normal {n}", 1e-6, run =>
                Fill(run).Normal(run.Stream, run.Expect("z", Sequence(n, Normal)), Seed, RandomPurpose.Initialization, 7, 0f, 1f));
        }
    }

    private static RandomFill Fill(OpRun run) => new(run.Accelerator);

    private static double[] Sequence(int n, Func<PhiloxBlock, int, double> element) =>
        [.. Enumerable.Range(0, n).Select(i =>
            element(Philox.Generate(Seed, RandomPurpose.Initialization, 7, 0, Philox.BlockOf(i)), Philox.WordOf(i)))];

    private static double Uniform(PhiloxBlock words, int word) => (words[word] >> 8) / 16777216.0;

    private static double Normal(PhiloxBlock words, int word)
    {
        double u1 = ((words[word & 2] >> 8) + 1) / 16777216.0, u2 = (words[word | 1] >> 8) / 16777216.0;
        double radius = Math.Sqrt(-2 * Math.Log(u1)), angle = 2 * Math.PI * u2;
        return radius * (word % 2 == 0 ? Math.Cos(angle) : Math.Sin(angle));
    }
}
