using System.CommandLine;
using System.Diagnostics;
using GpuVae.Benchmarks.Peers;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Convolution;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Training;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Simd;
using GpuVae.Training;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace GpuVae.Benchmarks.Limits;

/// <summary>How near the kernels come to what the device can do: every figure beside the ceiling measured in the same process.</summary>
internal static class LimitsCommand
{
    /// <summary>Beyond any cache.</summary>
    private const int LargeLength = 1 << 25;

    /// <summary>Fits the first-level cache twice over, so that arithmetic and not memory is timed.</summary>
    private const int SmallLength = 1 << 12;

    private const int Rounds = 7;
    private const double TurnSeconds = 0.1;

    public static Command Create()
    {
        var name = new Option<string>("--device") { Description = "auto, cpu, cuda:0, opencl:0 …", DefaultValueFactory = _ => "auto" };
        var command = new Command("limits", "Prints how near the kernels come to the device's measured ceilings.") { name };
        command.SetAction(parsed => Run(parsed.GetValue(name)!));
        return command;
    }

    private static void Run(string name)
    {
        using var device = ComputeDevice.Open(name);
        Console.WriteLine($"{device.Name} ({device.Accelerator.Name})");
        ColdStart(device);
        EmptyLaunch(device);
        Bandwidth(device);
        if (device.Accelerator.ExecutionStyle() == ExecutionStyle.Groups)
        {
            Arithmetic(device, "whole device");
            Convolutions(device);
            return;
        }
        using var context = Context.Create(builder => builder.EnableAlgorithms());
        using SimdAccelerator single = context.CreateSimdAccelerator(new() { Workers = 1 });
        using var core = ComputeDevice.Wrap(single);
        Arithmetic(core, "one core");
        Arithmetic(device, "all cores");
        Convolutions(device);
        Functions(core);
    }

    /// <summary>Everything from an open accelerator to the end of the first training step: the compilation of every kernel of the seed VAE.</summary>
    private static void ColdStart(ComputeDevice device)
    {
        const int batch = 128;
        var images = new ImageSet("noise", 28, 28, 1, new byte[64 * batch * 784]);
        long start = Stopwatch.GetTimestamp();
        using var model = new Vae(device);
        using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = batch, Epochs = 1000 });
        trainer.RunStep();
        device.Synchronize();
        double cold = Stopwatch.GetElapsedTime(start).TotalSeconds;
        for (int i = 0; i < 20; i++)
            trainer.RunStep();
        device.Synchronize();
        long before = GC.GetAllocatedBytesForCurrentThread();
        start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 20; i++)
            trainer.RunStep();
        device.Synchronize();
        double warm = Stopwatch.GetElapsedTime(start).TotalSeconds / 20;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Row("cold start: model, kernels and first step", $"{cold:F2} s", $"a warm step takes {warm * 1e3:F2} ms");
        Row("managed bytes per training step", $"{allocated / 20}", "");
    }

    private static void EmptyLaunch(ComputeDevice device)
    {
        Accelerator accelerator = device.Accelerator;
        Action<AcceleratorStream, KernelConfig, int> empty = accelerator.LoadKernel<int>(EmptyKernel);
        KernelConfig config = (1, accelerator.WarpSize);
        Spread time = Alternation.Time([Alternation.Contestant(() => empty(device.Stream, config, 0), device.Synchronize)], Rounds, TurnSeconds)[0];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            empty(device.Stream, config, 0);
        device.Synchronize();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Row("launch of an empty kernel", $"{time.Median * 1e6:F2} µs", $"{allocated / 1000} managed bytes");
    }

    private static void Bandwidth(ComputeDevice device)
    {
        Accelerator accelerator = device.Accelerator;
        using MemoryBuffer1D<float, Stride1D.Dense> x = accelerator.Allocate1D<float>(LargeLength);
        using MemoryBuffer1D<float, Stride1D.Dense> y = accelerator.Allocate1D<float>(LargeLength);
        using MemoryBuffer1D<float, Stride1D.Dense> m = accelerator.Allocate1D<float>(LargeLength);
        using MemoryBuffer1D<float, Stride1D.Dense> v = accelerator.Allocate1D<float>(LargeLength);
        foreach (MemoryBuffer1D<float, Stride1D.Dense>? buffer in new[] { x, y, m, v })
            buffer.View.MemSetToZero(device.Stream);
        using MemoryBuffer1D<float, Stride1D.Dense> rate = accelerator.Allocate1D(new float[] { 1e-3f });
        using MemoryBuffer1D<long, Stride1D.Dense> clock = accelerator.Allocate1D(new long[3]);
        using MemoryBuffer1D<float, Stride1D.Dense> log = accelerator.Allocate1D<float>(2);
        var stepLog = new StepLog(clock.View, rate.View, rate.View, log.View);
        Action<AcceleratorStream, Index1D, ArrayView<float>, ArrayView<float>> copy = accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<float>, ArrayView<float>>(CopyKernel);
        var relu = new ActivationKernels<Relu>(accelerator);
        var sigmoid = new ActivationKernels<Sigmoid>(accelerator);
        var adam = new Adam(accelerator, new AdamOptions());

        (string Name, double Bytes, Action Run)[] rows =
        [
            ("copy", 8.0 * LargeLength, () => copy(device.Stream, LargeLength, x.View, y.View)),
            ("ReLU forward", 8.0 * LargeLength, () => relu.Forward(device.Stream, x.View, y.View)),
            ("sigmoid forward", 8.0 * LargeLength, () => sigmoid.Forward(device.Stream, x.View, y.View)),
            ("Adam update", 28.0 * LargeLength,
                () => adam.Update(device.Stream, x.View, y.View, m.View, v.View, rate.View, default, stepLog)),
        ];
        Spread[] times = Alternation.Time([.. rows.Select(r => Alternation.Contestant(r.Run, device.Synchronize))], Rounds, TurnSeconds);
        double ceiling = rows[0].Bytes / times[0].Median;
        for (int i = 0; i < rows.Length; i++)
        {
            double rateOfRow = rows[i].Bytes / times[i].Median;
            Row($"{rows[i].Name}, {LargeLength >> 20} Mi elements", $"{rateOfRow / 1e9:F1} GB/s", $"{100 * rateOfRow / ceiling:F0} % of the copy");
        }
    }

    private static void Arithmetic(ComputeDevice device, string where)
    {
        Accelerator accelerator = device.Accelerator;
        double ceiling = new Ceiling(accelerator).MeasureFlops(device.Stream);
        Row($"multiply-adds in registers, {where}", $"{ceiling / 1e9:F0} GFLOP/s", "the arithmetic ceiling");
        using var gemm = new GemmContext(accelerator);
        Gemm<PlainEpilogue> product = gemm.With<PlainEpilogue>();
        foreach (int n in (int[])[1024, 2048])
        {
            using MemoryBuffer1D<float, Stride1D.Dense> a = accelerator.Allocate1D<float>((long)n * n);
            using MemoryBuffer1D<float, Stride1D.Dense> b = accelerator.Allocate1D<float>((long)n * n);
            using MemoryBuffer1D<float, Stride1D.Dense> c = accelerator.Allocate1D<float>((long)n * n);
            a.View.MemSetToZero(device.Stream);
            b.View.MemSetToZero(device.Stream);
            MatrixView left = new(a.View, n, n), right = new(b.View, n, n), result = new(c.View, n, n);
            Spread time = Alternation.Time(
                [Alternation.Contestant(() => product.Run(device.Stream, left, right, result, default), device.Synchronize)],
                Rounds, TurnSeconds)[0];
            double rate = 2.0 * n * n * n / time.Median;
            Row($"matrix product {n}³, {where}", $"{rate / 1e9:F0} GFLOP/s", $"{100 * rate / ceiling:F0} % of the arithmetic ceiling");
        }
    }

    /// <summary>64 to 64 channels, 3 × 3, 32 × 32 pixels, batch 64.</summary>
    private static void Convolutions(ComputeDevice device)
    {
        Accelerator accelerator = device.Accelerator;
        double ceiling = new Ceiling(accelerator).MeasureFlops(device.Stream);
        var shape = new ConvolutionShape(Batch: 64, Height: 32, Width: 32, Inputs: 64, Outputs: 64, Kernel: 3, Stride: 1, Padding: 1);
        var convolution = new Convolution<PlainEpilogue>(accelerator);
        var weightGradient = new ConvolutionWeightGradient(accelerator);
        using MemoryBuffer1D<float, Stride1D.Dense> x = accelerator.Allocate1D<float>((long)shape.Batch * shape.Height * shape.Width * shape.Inputs);
        using MemoryBuffer1D<float, Stride1D.Dense> y = accelerator.Allocate1D<float>((long)shape.Batch * shape.OutputHeight * shape.OutputWidth * shape.Outputs);
        using MemoryBuffer1D<float, Stride1D.Dense> weight = accelerator.Allocate1D<float>(shape.Weights);
        using MemoryBuffer1D<float, Stride1D.Dense> dw = accelerator.Allocate1D<float>(shape.Weights);
        using MemoryBuffer1D<float, Stride1D.Dense> db = accelerator.Allocate1D<float>(shape.Outputs);
        using MemoryBuffer1D<float, Stride1D.Dense> scratch = accelerator.Allocate1D<float>(Math.Max(shape.ScratchLength, weightGradient.ScratchLength(shape)));
        foreach (MemoryBuffer1D<float, Stride1D.Dense>? buffer in new[] { x, y, weight })
            buffer.View.MemSetToZero(device.Stream);
        (string Name, Action Run)[] rows =
        [
            ("forward", () => convolution.Forward(device.Stream, shape, x.View, weight.View, y.View, default)),
            ("data gradient", () => convolution.DataGradient(device.Stream, shape, y.View, weight.View, scratch.View, x.View, default)),
            ("weight gradient",
                () => weightGradient.Run(device.Stream, shape, x.View, y.View, scratch.View, dw.View, db.View, isTransposed: false)),
        ];
        Spread[] times = Alternation.Time([.. rows.Select(r => Alternation.Contestant(r.Run, device.Synchronize))], Rounds, TurnSeconds);
        for (int i = 0; i < rows.Length; i++)
        {
            double rate = shape.Flops / times[i].Median;
            Row($"convolution 3×3, 64 channels, {rows[i].Name}", $"{rate / 1e9:F0} GFLOP/s", $"{100 * rate / ceiling:F0} % of the arithmetic ceiling");
        }
    }

    private static void Functions(ComputeDevice core)
    {
        using MemoryBuffer1D<float, Stride1D.Dense> x = core.Accelerator.Allocate1D([.. Enumerable.Range(0, SmallLength).Select(i => 0.01f + i * 0.001f)]);
        using MemoryBuffer1D<float, Stride1D.Dense> y = core.Accelerator.Allocate1D<float>(SmallLength);
        Time<ExpFunction>("exp");
        Time<LogFunction>("log");
        Time<TanhFunction>("tanh");
        Time<SigmoidFunction>("sigmoid");

        void Time<TFunction>(string name) where TFunction : struct, IFunction
        {
            const int repeats = 64;
            Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, int> kernel = core.Accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, int>(FunctionKernel<TFunction>);
            KernelConfig config = (SmallLength / core.Accelerator.WarpSize, core.Accelerator.WarpSize);
            Spread time = Alternation.Time(
                [Alternation.Contestant(() => kernel(core.Stream, config, x.View, y.View, repeats), core.Synchronize)], Rounds, TurnSeconds)[0];
            Row($"{name}, one core", $"{(double)SmallLength * repeats / time.Median / 1e9:F2}e9 results/s", "");
        }
    }

    private static void Row(string what, string figure, string remark) => Console.WriteLine($"{what,-46}{figure,18}  {remark}");

    private static void EmptyKernel(int unused)
    {
    }

    private static void CopyKernel(Index1D index, ArrayView<float> source, ArrayView<float> target) => target[index] = source[index];

    /// <summary>Sums the function over slowly changing arguments, so that no turn can be left out.</summary>
    private static void FunctionKernel<TFunction>(ArrayView<float> x, ArrayView<float> y, int repeats)
        where TFunction : struct, IFunction
    {
        int i = Grid.GlobalIndex.X;
        float argument = x[i];
        float sum = 0f;
        for (int r = 0; r < repeats; r++)
        {
            sum += TFunction.Of(argument);
            argument += 1e-6f;
        }
        y[i] = sum;
    }

    private interface IFunction
    {
        static abstract float Of(float x);
    }

    private readonly struct ExpFunction : IFunction
    {
        public static float Of(float x) => XMath.Exp(x);
    }

    private readonly struct LogFunction : IFunction
    {
        public static float Of(float x) => XMath.Log(x);
    }

    private readonly struct TanhFunction : IFunction
    {
        public static float Of(float x) => XMath.Tanh(x);
    }

    private readonly struct SigmoidFunction : IFunction
    {
        public static float Of(float x) => 1f / (1f + XMath.Exp(-x));
    }
}
