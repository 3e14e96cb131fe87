using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;
using ILGPU;

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
            yield return new Op($"Gather 16 bits {batch}x{pixels}", Tolerance, run => Wide(run, batch, pixels));
            yield return new Op($"Gather floats {batch}x{pixels}", 0, run => Floats(run, batch, pixels));
            yield return new Op($"Gather bytes, dynamic bits {batch}x{pixels}", 0, run => Bits(run, batch, pixels, Binarization.Dynamic));
            yield return new Op($"Gather bytes, static bits {batch}x{pixels}", 0, run => Bits(run, batch, pixels, Binarization.Static));
        }
        yield return new Op("Two steps of an epoch", Tolerance, Steps);
    }

    /// <summary>Two steps of an epoch of three images that began at step 40: each deals out the next images and rates.</summary>
    private static void Steps(OpRun run)
    {
        byte[] data = [0, 51, 102, 153];
        ArrayView<long> clock = run.Upload([40L, 40L, -1L]);
        ArrayView<float> rates = run.Upload([0.1f, 0.2f, 0.3f, 0.4f]), terms = run.Upload([1f, 2f]);
        ArrayView<byte> images = run.Upload(data);
        ArrayView<float> log = run.Expect("log", [3, 3, 3, 3]);
        ArrayView<int> order = run.Upload([3, 1, 2]);
        var gather = new Gather(run.Accelerator);
        var end = new StepEnd(run.Accelerator);
        BatchPlan PlanInto(string name, double learningRate, double klWeight) =>
            new(clock, order, rates, run.Expect(name, [learningRate, klWeight]), 2);
        gather.Copy(run.Stream, images, PlanInto("first rates", 0.1, 0.2), run.Expect("first batch", [0.6, 0.2]), 1);
        end.Close(run.Stream, new StepLog(clock, terms, terms, log));
        gather.Copy(run.Stream, images, PlanInto("second rates", 0.3, 0.4), run.Expect("second batch", [0.4]), 1);
        end.Close(run.Stream, new StepLog(clock, terms, terms, log));
    }

    private static int[] Indices(OpRun run, int batch) => [.. Enumerable.Range(0, batch).Select(_ => run.Next(Images))];

    /// <summary>A plan whose first batch is <paramref name="indices"/>, at a step.</summary>
    private static BatchPlan Plan(OpRun run, int[] indices, long step) =>
        new(
            run.Upload([step, step, -1L]), run.Upload(indices), run.Upload([0.25f, 0.75f]), run.Expect("rates", [0.25, 0.75]),
            indices.Length);

    private static byte[] Pixels(OpRun run, int pixels) => [.. Enumerable.Range(0, Images * pixels).Select(_ => (byte)run.Next(256))];

    private static double[] Expected(int[] indices, int pixels, Func<int, int, int, double> pixel) =>
        [.. indices.SelectMany((image, row) => Enumerable.Range(0, pixels).Select(p => pixel(row, image, p)))];

    private static void Bytes(OpRun run, int batch, int pixels)
    {
        byte[] data = Pixels(run, pixels);
        int[] indices = Indices(run, batch);
        new Gather(run.Accelerator).Copy(
            run.Stream, run.Upload(data), Plan(run, indices, 0),
            run.Expect("batch", Expected(indices, pixels, (_, image, p) => data[image * pixels + p] / 255.0)), pixels);
    }

    private static void Wide(OpRun run, int batch, int pixels)
    {
        ushort[] data = [.. Enumerable.Range(0, Images * pixels).Select(_ => (ushort)run.Next(65536))];
        int[] indices = Indices(run, batch);
        new ValueGather(run.Accelerator).Copy(
            run.Stream, run.Upload(data), Plan(run, indices, 0),
            run.Expect("batch", Expected(indices, pixels, (_, image, p) => data[image * pixels + p] / 65535.0)), pixels);
    }

    private static void Floats(OpRun run, int batch, int pixels)
    {
        float[] data = [.. Enumerable.Range(0, Images * pixels).Select(_ => run.Next(2001) / 100f - 10)];
        int[] indices = Indices(run, batch);
        new ValueGather(run.Accelerator).Copy(
            run.Stream, run.Upload(data), Plan(run, indices, 0),
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
        new Gather(run.Accelerator).Binarize(
            run.Stream, run.Upload(data), Plan(run, indices, step), run.Expect("batch", Expected(indices, pixels, Bit)), pixels,
            binarization, seed);
    }
}
