using GpuVae.Kernels.Common;
using GpuVae.Kernels.Convolution;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

internal static class ConvolutionOps
{
    // As for the matrix product: sequential additions of products of either sign.
    private const double Tolerance = 2e-6;

    private static readonly ConvolutionShape[] Shapes =
    [
        new(1, 1, 1, 1, 1, 1, 1, 0), new(2, 5, 7, 3, 4, 3, 1, 1), new(1, 9, 6, 1, 17, 4, 2, 1), new(3, 7, 7, 5, 1, 3, 2, 0),
        new(2, 6, 5, 17, 3, 5, 1, 2), new(1, 8, 11, 2, 33, 2, 3, 0), new(2, 4, 4, 16, 32, 4, 2, 1), new(1, 3, 3, 7, 2, 7, 2, 3),
        new(2, 7, 9, 16, 3, 3, 1, 1), new(2, 6, 8, 5, 3, 2, 1, 0), new(7, 2, 2, 18, 20, 3, 1, 1), new(2, 5, 6, 3, 8, 3, 1, 1),
    ];

    // Several groups, panels, slices of the depth and parts of the pixels, and edges of all of them.
    private static readonly ConvolutionShape[] Heavy =
    [
        new(3, 19, 17, 64, 70, 3, 1, 1), new(2, 15, 14, 150, 40, 3, 2, 1), new(2, 13, 16, 20, 150, 4, 2, 1), new(5, 32, 31, 3, 16, 4, 2, 1),
        new(2, 21, 18, 70, 3, 3, 1, 1), new(11, 5, 3, 70, 70, 4, 2, 1),
    ];

    public static IEnumerable<Op> Rows()
    {
        foreach ((ConvolutionShape shape, bool isHeavy) in Shapes.Select(s => (s, false)).Concat(Heavy.Select(s => (s, true))))
        {
            string size = $"{shape.Batch}x{shape.Height}x{shape.Width}x{shape.Inputs} to {shape.Outputs}, kernel {shape.Kernel}, " +
                $"stride {shape.Stride}, padding {shape.Padding}";
            yield return new Op($"Convolution forward, bias, SiLU kept {size}", Tolerance, run => Forward(run, shape), isHeavy);
            yield return new Op($"Convolution data gradient tanh {size}", Tolerance, run => DataGradient(run, shape), isHeavy);
            yield return new Op($"Convolution weight gradient {size}", Tolerance, run => WeightGradient(run, shape, false), isHeavy);
            yield return new Op(
                $"Transposed convolution weight gradient {size}", Tolerance, run => WeightGradient(run, shape, true), isHeavy);
        }
    }

    /// <summary>Calls back with the indices of x, y and w for every product that the convolution is a sum of.</summary>
    private static void ForEach(ConvolutionShape s, Action<int, int, int> visit)
    {
        for (int pixel = 0; pixel < s.Batch * s.OutputHeight * s.OutputWidth; pixel++)
        {
            int image = pixel / (s.OutputHeight * s.OutputWidth), oy = pixel / s.OutputWidth % s.OutputHeight, ox = pixel % s.OutputWidth;
            for (int tap = 0; tap < s.Kernel * s.Kernel; tap++)
            {
                int y = oy * s.Stride - s.Padding + tap / s.Kernel, x = ox * s.Stride - s.Padding + tap % s.Kernel;
                if (y < 0 || y >= s.Height || x < 0 || x >= s.Width)
                    continue;
                for (int i = 0; i < s.Inputs; i++)
                {
                    int atX = ((image * s.Height + y) * s.Width + x) * s.Inputs + i;
                    for (int o = 0; o < s.Outputs; o++)
                        visit(atX, pixel * s.Outputs + o, (tap * s.Inputs + i) * s.Outputs + o);
                }
            }
        }
    }

    private static (float[] X, float[] Y, float[] Weight) Operands(OpRun run, ConvolutionShape s) =>
        (run.Uniform(s.Batch * s.Height * s.Width * s.Inputs), run.Uniform(s.Batch * s.OutputHeight * s.OutputWidth * s.Outputs),
            run.Uniform(s.Weights));

    private static void Forward(OpRun run, ConvolutionShape shape)
    {
        (float[] x, float[] y, float[] weight) = Operands(run, shape);
        float[] bias = run.Uniform(shape.Outputs);
        double[] before = new double[y.Length];
        for (int i = 0; i < before.Length; i++)
            before[i] = bias[i % bias.Length];
        ForEach(shape, (atX, atY, atW) => before[atY] += (double)x[atX] * weight[atW]);
        var kernel = new Convolution<BiasKeepEpilogue<Silu>>(run.Accelerator);
        kernel.Forward(
            run.Stream, shape, run.Upload(x), run.Upload(weight), run.Expect("y", Array.ConvertAll(before, v => v * Reference.Sigmoid(v))),
            new(run.Upload(bias), run.Expect("derivative", Array.ConvertAll(before, Reference.SiluDerivative)), shape.Outputs));
    }

    private static void DataGradient(OpRun run, ConvolutionShape shape)
    {
        (float[] x, float[] dy, float[] weight) = Operands(run, shape);
        double[] dx = new double[x.Length];
        ForEach(shape, (atX, atY, atW) => dx[atX] += (double)dy[atY] * weight[atW]);
        for (int i = 0; i < dx.Length; i++)
            dx[i] *= 1 - (double)x[i] * x[i];
        var kernel = new Convolution<DerivativeEpilogue<Tanh>>(run.Accelerator);
        kernel.DataGradient(
            run.Stream, shape, run.Upload(dy), run.Upload(weight), run.Upload(new float[shape.ScratchLength]), run.Expect("dx", dx),
            new(run.Upload(x), shape.Inputs));
    }

    private static void WeightGradient(OpRun run, ConvolutionShape shape, bool isTransposed)
    {
        (float[] x, float[] dy, _) = Operands(run, shape);
        double[] dw = new double[shape.Weights];
        ForEach(shape, (atX, atY, atW) => dw[atW] += (double)x[atX] * dy[atY]);
        float[] biased = isTransposed ? x : dy;
        double[] db = new double[isTransposed ? shape.Inputs : shape.Outputs];
        for (int i = 0; i < biased.Length; i++)
            db[i % db.Length] += biased[i];
        var kernel = new ConvolutionWeightGradient(run.Accelerator);
        ArrayView<float> scratch = run.Upload(new float[kernel.ScratchLength(shape)]);
        kernel.Run(run.Stream, shape, run.Upload(x), run.Upload(dy), scratch, run.Expect("dW", dw), run.Expect("db", db), isTransposed);
    }
}
