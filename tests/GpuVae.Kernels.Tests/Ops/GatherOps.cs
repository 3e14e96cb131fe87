namespace GpuVae.Kernels.Tests.Ops;

internal static class GatherOps
{
    // One division, correctly rounded on the CPU and within 1 ulp elsewhere.
    private const double Tolerance = 1e-7;
    private const int Images = 11;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int batch, int pixels) in new[] { (1, 1), (3, 17), (17, 3), (5, 129), (2, 1000) })
        {
            yield return new Op($"Gather bytes {batch}x{pixels}", Tolerance, run => Bytes(run, batch, pixels));
            yield return new Op($"Gather floats {batch}x{pixels}", 0, run => Floats(run, batch, pixels));
            yield return new Op($"Gather bytes, dynamic bits {batch}x{pixels}", 0, run => Bits(run, batch, pixels, Binarization.Dynamic));
            yield return new Op($"Gather bytes, static bits {batch}x{pixels}", 0, run => Bits(run, batch, pixels, Binarization.Static));
        }
    }

    private static int[] Indices(OpRun run, int batch) => [.. Enumerable.Range(0, batch).Select(_ => run.Next(Images))];

    private static byte[] Pixels(OpRun run, int pixels) => [.. Enumerable.Range(0, Images * pixels).Select(_ => (byte)run.Next(256))];

    private static double[] Expected(int[] indices, int pixels, Func<int, int, int, double> pixel) =>
        [.. indices.SelectMany((image, row) => Enumerable.Range(0, pixels).Select(p => pixel(row, image, p)))];

    private static void Bytes(OpRun run, int batch, int pixels)
    {
        byte[] data = Pixels(run, pixels);
        int[] indices = Indices(run, batch);
        new Gather<byte, BytePixel>(run.Accelerator).Copy(
            run.Stream, run.Upload(data), run.Upload(indices),
            run.Expect("batch", Expected(indices, pixels, (_, image, p) => data[image * pixels + p] / 255.0)), pixels);
    }

    private static void Floats(OpRun run, int batch, int pixels)
    {
        float[] data = run.Uniform(Images * pixels, 0, 1);
        int[] indices = Indices(run, batch);
        new Gather<float, FloatPixel>(run.Accelerator).Copy(
            run.Stream, run.Upload(data), run.Upload(indices),
            run.Expect("batch", Expected(indices, pixels, (_, image, p) => data[image * pixels + p])), pixels);
    }

    private static void Bits(OpRun run, int batch, int pixels, Binarization binarization)
    {
        const ulong seed = 77;
        const long step = 3;
        byte[] data = Pixels(run, pixels);
        int[] indices = Indices(run, batch);
        double Bit(int row, int image, int p)
        {
            PhiloxBlock words = binarization == Binarization.Dynamic
                ? Philox.Generate(seed, RandomPurpose.Binarization, step, row, Philox.BlockOf(p))
                : Philox.Generate(seed, RandomPurpose.StaticBinarization, 0, image, Philox.BlockOf(p));
            return Philox.ToUniform(words[Philox.WordOf(p)]) < data[image * pixels + p] / 255f ? 1 : 0;
        }
        new Gather<byte, BytePixel>(run.Accelerator).Binarize(
            run.Stream, run.Upload(data), run.Upload(indices), run.Expect("batch", Expected(indices, pixels, Bit)), pixels,
            binarization, seed, run.Upload([step]));
    }
}
