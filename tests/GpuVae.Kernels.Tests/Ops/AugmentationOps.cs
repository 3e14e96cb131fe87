using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;

namespace GpuVae.Kernels.Tests.Ops;

internal static class AugmentationOps
{
    // A place between pixels is computed in floats: an error of 1e-6 of a pixel, times the difference of its neighbours.
    private const double Tolerance = 1e-5;
    private const ulong Seed = 5;
    private const long Step = 70_000_000_001;
    private const int FirstRow = 6;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int width, int height, int channels) in new[] { (1, 1, 1), (7, 5, 3), (129, 1, 1), (16, 16, 2) })
        {
            var extent = new ImageExtent(width, height, channels);
            yield return Row("flips", extent, 0, new AugmentationRanges(0.5f, 0.5f, 0, 1, 0, 0, 1));
            yield return Row("shifts", extent, 0, new AugmentationRanges(0, 0, 3, 1, 0, 0, 1));
            yield return Row("crops", extent, Tolerance, new AugmentationRanges(0, 0, 0, 0.5f, 0, 0, 1));
            yield return Row("brightness", extent, Tolerance, new AugmentationRanges(0, 0, 0, 1, 0.4f, 0, 1));
            yield return Row("everything", extent, Tolerance, new AugmentationRanges(0.5f, 0.5f, 2, 0.7f, 0.4f, -1, 9));
        }
    }

    private static Op Row(string name, ImageExtent extent, double tolerance, AugmentationRanges ranges) =>
        new($"Augmentation, {name} {extent.Width}x{extent.Height}x{extent.Channels}", tolerance, run => Check(run, extent, ranges));

    private static void Check(OpRun run, ImageExtent extent, AugmentationRanges ranges)
    {
        const int batch = 9;
        float[] images = [.. Enumerable.Range(0, batch * extent.Values).Select(_ => run.Next(256) / 255f)];
        double[] expected = new double[images.Length];
        for (int row = 0; row < batch; row++)
            View(images, expected, row, extent, ranges);
        new Augmentation(run.Accelerator).Run(
            run.Stream, run.Upload(images), run.Expect("views", expected), run.Upload([Step]), extent, ranges, Seed, FirstRow);
    }

    private static void View(float[] images, double[] views, int row, ImageExtent extent, AugmentationRanges ranges)
    {
        double[] draws = [.. Enumerable.Range(0, 8).Select(i =>
            (double)Philox.ToUniform(Philox.Generate(Seed, RandomPurpose.Augmentation, Step, FirstRow + row, i / 4)[i % 4]))];
        int Shift(double draw) => (int)Math.Floor(draw * (2 * ranges.Shift + 1)) - ranges.Shift;
        double side = 1 - draws[4] * (1 - (double)ranges.LeastCrop);
        double factor = 1 + ranges.Brightness * (2 * draws[7] - 1);
        for (int c = 0; c < extent.Channels; c++)
            for (int y = 0; y < extent.Height; y++)
                for (int x = 0; x < extent.Width; x++)
                {
                    double u = Place(draws[0] < ranges.FlipX ? extent.Width - 1 - x : x, extent.Width, draws[5]) - Shift(draws[2]);
                    double v = Place(draws[1] < ranges.FlipY ? extent.Height - 1 - y : y, extent.Height, draws[6]) - Shift(draws[3]);
                    u = Math.Clamp(u, 0, extent.Width - 1);
                    v = Math.Clamp(v, 0, extent.Height - 1);
                    double value = 0;
                    for (int j = 0; j < extent.Height; j++)
                        for (int i = 0; i < extent.Width; i++)
                            value += Math.Max(0, 1 - Math.Abs(u - i)) * Math.Max(0, 1 - Math.Abs(v - j)) * images[Index(i, j)];
                    views[Index(x, y)] = Math.Clamp(factor * value, ranges.Low, ranges.High);

                    int Index(int i, int j) => row * extent.Values + (c * extent.Height + j) * extent.Width + i;
                }

        // The middle of the pixel, within a part of the given side.
        double Place(int at, int length, double draw) => draw * length * (1 - side) + (at + 0.5) * side - 0.5;
    }
}
