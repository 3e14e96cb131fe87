using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Training;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

internal static class RowOps
{
    public static IEnumerable<Op> Rows()
    {
        foreach ((int images, int samples, int columns) in new[] { (1, 1, 1), (3, 2, 17), (5, 7, 3) })
        {
            // Two products or a sum, correctly rounded.
            yield return new Op($"Rows {images}x{samples}x{columns}", 2e-7, run => All(run, images, samples, columns));
        }
        yield return new Op("Gather labels", 0, GatherLabels);
    }

    private static void All(OpRun run, int images, int samples, int columns)
    {
        const int classes = 4;
        int rows = images * samples, wide = columns + classes;
        float[] y = run.Uniform(rows * columns), weights = run.Uniform(rows), dWide = run.Uniform(rows * wide);
        // The last image has no class.
        float[] labels = [.. Enumerable.Range(0, images).Select(i => i == images - 1 ? -1f : i % classes)];
        var copy = new ColumnCopy(run.Accelerator);
        new RowScaling(run.Accelerator).Run(
            run.Stream, run.Expect("scaled", y, Each(columns, (row, c) => 3.0 * y[row * columns + c] * weights[row])), run.Upload(weights),
            3, columns);
        new OneHotConcat(run.Accelerator).Run(
            run.Stream, run.Upload(y), columns, run.Upload(labels),
            run.Expect(
                "joined", Each(wide, (row, c) => c < columns ? y[row * columns + c] : labels[row / samples] == c - columns ? 1 : 0)),
            columns, classes, samples);
        copy.Run(
            run.Stream, run.Upload(dWide), wide, run.Expect("split", Each(columns, (row, c) => dWide[row * wide + c])), columns, columns);
        copy.Run(
            run.Stream, run.Upload(y), columns,
            run.Expect("put", dWide, Each(wide, (row, c) => c < columns ? y[row * columns + c] : dWide[row * wide + c])), wide, columns);
        // To later columns, and from there.
        copy.Run(
            run.Stream, run.Upload(y), columns,
            run.Expect("put later", dWide, Each(wide, (row, c) => c < classes ? dWide[row * wide + c] : y[row * columns + c - classes]))
                .SubView(classes, rows * wide - classes), wide, columns);
        copy.Run(
            run.Stream, run.Upload(dWide).SubView(classes, rows * wide - classes), wide,
            run.Expect("taken", Each(columns, (row, c) => dWide[row * wide + c + classes])), columns, columns);
        float[] mean = run.Uniform(columns);
        new Centering(run.Accelerator).Run(
            run.Stream, run.Upload(y), run.Upload(mean),
            run.Expect("centred", Each(columns, (row, c) => (double)y[row * columns + c] - mean[c])));
        ArrayView<float> sum = run.Expect("sum", y, Each(columns, (row, c) => 2.0 * y[row * columns + c]));
        new Addition<Identity>(run.Accelerator).Forward(run.Stream, sum, run.Upload(y), sum, sum);

        double[] Each(int width, Func<int, int, double> element) =>
            [.. Enumerable.Range(0, rows * width).Select(i => element(i / width, i % width))];
    }

    private static void GatherLabels(OpRun run)
    {
        int[] labels = [5, 6, 7, 8];
        var plan = new BatchPlan(run.Upload([41L, 40L, 41L]), run.Upload([3, 1, 2, 0]), run.Upload([0f, 0f]), run.Upload([0f, 0f]), 2);
        new LabelGather(run.Accelerator).Run(run.Stream, run.Upload(labels), plan, run.Expect("labels", [7, 5]));
    }
}
