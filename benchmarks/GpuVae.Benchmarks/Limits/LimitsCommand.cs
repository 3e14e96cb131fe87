using System.CommandLine;
using System.Diagnostics;
using GpuVae.Benchmarks.Peers;
using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Convolution;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Training;
using GpuVae.Options;
using GpuVae.Simd;
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
        Caches(device);
        double ofOneCore = Arithmetic(core, "one core");
        Arithmetic(device, "all cores", ofOneCore);
        Convolutions(device);
        Functions(core);
    }

    /// <summary>From an open accelerator to the end of the first training step: the compilation of every kernel of the seed VAE.</summary>
    private static void ColdStart(ComputeDevice device)
    {
        long start = Stopwatch.GetTimestamp();
        using var training = new NoiseTraining(device, new VaeOptions(), batch: 128);
        Steps(1);
        double cold = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Steps(20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        start = Stopwatch.GetTimestamp();
        Steps(20);
        double warm = Stopwatch.GetElapsedTime(start).TotalSeconds / 20;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Row("cold start: model, kernels and first step", $"{cold:F2} s", $"a warm step takes {warm * 1e3:F2} ms");
        Row("managed bytes per training step", $"{allocated / 20}", "");

        void Steps(int count)
        {
            for (int i = 0; i < count; i++)
                training.Trainer.RunStep();
            device.Synchronize();
        }
    }

    private static void EmptyLaunch(ComputeDevice device)
    {
        Accelerator accelerator = device.Accelerator;
        Action<AcceleratorStream, KernelConfig, int> empty = accelerator.LoadKernel<int>(EmptyKernel);
        KernelConfig config = (1, accelerator.WarpSize);
        double seconds = Time(device, () => empty(device.Stream, config, 0))[0];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            empty(device.Stream, config, 0);
        device.Synchronize();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Row("launch of an empty kernel", $"{seconds * 1e6:F2} µs", $"{allocated / 1000} managed bytes");
    }

    private static void Bandwidth(ComputeDevice device)
    {
        Accelerator accelerator = device.Accelerator;
        using var memory = new Scratch(accelerator);
        ArrayView<float> x = memory.Zeros(LargeLength), y = memory.Zeros(LargeLength), m = memory.Zeros(LargeLength);
        ArrayView<float> v = memory.Zeros(LargeLength), rate = memory.Copy(1e-3f);
        var stepLog = new StepLog(memory.Copy(new long[3]), rate, rate, memory.Zeros(2));
        Action<AcceleratorStream, Index1D, ArrayView<float>, ArrayView<float>> copy =
            accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<float>, ArrayView<float>>(CopyKernel);
        var relu = new ActivationKernels<Relu>(accelerator);
        var sigmoid = new ActivationKernels<Sigmoid>(accelerator);
        var adam = new Adam(accelerator, new AdamOptions());
        (string Name, double Bytes, Action Run)[] rows =
        [
            ("copy", 8.0 * LargeLength, () => copy(device.Stream, LargeLength, x, y)),
            ("ReLU forward", 8.0 * LargeLength, () => relu.Forward(device.Stream, x, y)),
            ("sigmoid forward", 8.0 * LargeLength, () => sigmoid.Forward(device.Stream, x, y)),
            ("Adam update", 28.0 * LargeLength, () => adam.Update(device.Stream, x, y, m, v, rate, default, stepLog)),
        ];
        double[] seconds = Time(device, [.. rows.Select(row => row.Run)]);
        double ceiling = rows[0].Bytes / seconds[0];
        foreach (((string name, double bytes, _), double time) in rows.Zip(seconds))
            Row(
                $"{name}, {LargeLength >> 20} Mi elements", $"{bytes / time / 1e9:F1} GB/s",
                $"{100 * bytes / time / ceiling:F0} % of the copy");
    }

    /// <summary>All cores at once, each its own part; the weights of the seed's decoder are what one generated image reads.</summary>
    private static void Caches(ComputeDevice device)
    {
        const int passes = 64;
        var caches = new CacheBandwidth(device.Accelerator);
        int cores = device.Accelerator.NumMultiprocessors;
        (string Name, long Bytes)[] sets =
        [
            ("512 KiB a core", cores * (512L << 10)), ("the decoder's weights", sizeof(float) * (20L * 256 + 256 * 512 + 512 * 784)),
            ("8 MiB a core", cores * (8L << 20)),
        ];
        foreach ((string name, long wanted) in sets)
        {
            using var memory = new Scratch(device.Accelerator);
            (double bytes, Action<AcceleratorStream, int> run) = caches.Prepare(memory, wanted);
            double seconds = Time(device, () => run(device.Stream, passes))[0] / passes;
            Row($"read over all cores, {name}", $"{bytes / seconds / 1e9:F0} GB/s", $"{bytes / 1e6:F2} MB in {seconds * 1e6:F1} µs");
        }
    }

    /// <param name="device">The device.</param>
    /// <param name="where">What rows call it.</param>
    /// <param name="ofOneCore">Multiply-adds a cycle that one core was found to do.</param>
    /// <returns>Multiply-adds a core and cycle, where there are cores.</returns>
    private static double Arithmetic(ComputeDevice device, string where, double ofOneCore = 0)
    {
        Accelerator accelerator = device.Accelerator;
        double ceiling = new Ceiling(accelerator).MeasureFlops(device.Stream);
        Row($"multiply-adds in registers, {where}", $"{ceiling / 1e9:F0} GFLOP/s", "the arithmetic ceiling");
        double perCycle = accelerator.ExecutionStyle() == ExecutionStyle.Lanes ? Cycles(accelerator, ceiling, ofOneCore) : 0;
        using var gemm = new GemmContext(accelerator);
        Gemm<PlainEpilogue> product = gemm.With<PlainEpilogue>();
        foreach (int n in (int[])[1024, 2048])
        {
            using var memory = new Scratch(accelerator);
            var a = new MatrixView(memory.Zeros((long)n * n), n, n);
            var b = new MatrixView(memory.Zeros((long)n * n), n, n);
            var c = new MatrixView(memory.Zeros((long)n * n), n, n);
            double seconds = Time(device, () => product.Run(device.Stream, a, b, c, default))[0];
            FlopsRow($"matrix product {n}³, {where}", 2.0 * n * n * n / seconds, ceiling);
        }
        return perCycle;
    }

    /// <summary>
    /// The ceiling against clock × lanes: a processor starts one or two vectors of multiply-adds a cycle, and among others as
    /// many as alone.
    /// </summary>
    private static double Cycles(Accelerator accelerator, double ceiling, double ofOneCore)
    {
        const double tolerance = 0.1;
        double hertz = ProcessorClock.MeasureHertz();
        double perCycle = ceiling / (2.0 * accelerator.WarpSize * accelerator.NumMultiprocessors * hertz);
        bool isWhole = Math.Abs(perCycle - 1) < tolerance || Math.Abs(perCycle - 2) < 2 * tolerance;
        bool isAsOfOne = ofOneCore == 0 || Math.Abs(perCycle / ofOneCore - 1) < tolerance;
        Row(
            "clock, by dependent additions", $"{hertz / 1e9:F2} GHz",
            $"{perCycle:F2} multiply-adds of {accelerator.WarpSize} lanes a core and cycle"
            + (!isWhole ? "; WARNING: neither 1 nor 2, so one of both figures is wrong, or somebody else uses the cores"
                : !isAsOfOne ? "; WARNING: one core alone does more, so the cores are not whole ones, or somebody else uses them" : ""));
        return perCycle;
    }

    /// <summary>64 to 64 channels, 3 × 3, 32 × 32 pixels, batch 64.</summary>
    private static void Convolutions(ComputeDevice device)
    {
        Accelerator accelerator = device.Accelerator;
        double ceiling = new Ceiling(accelerator).MeasureFlops(device.Stream);
        var shape = new ConvolutionShape(Batch: 64, Height: 32, Width: 32, Inputs: 64, Outputs: 64, Kernel: 3, Stride: 1, Padding: 1);
        using var memory = new Scratch(accelerator);
        var convolution = new Convolution<PlainEpilogue>(accelerator);
        var weightGradient = new ConvolutionWeightGradient(accelerator);
        ArrayView<float> x = memory.Zeros((long)shape.Batch * shape.Height * shape.Width * shape.Inputs);
        ArrayView<float> y = memory.Zeros((long)shape.Batch * shape.OutputHeight * shape.OutputWidth * shape.Outputs);
        ArrayView<float> weight = memory.Zeros(shape.Weights), dw = memory.Zeros(shape.Weights), db = memory.Zeros(shape.Outputs);
        ArrayView<float> scratch = memory.Zeros(Math.Max(shape.ScratchLength, weightGradient.ScratchLength(shape)));
        double[] seconds = Time(
            device,
            () => convolution.Forward(device.Stream, shape, x, weight, y, default),
            () => convolution.DataGradient(device.Stream, shape, y, weight, scratch, x, default),
            () => weightGradient.Run(device.Stream, shape, x, y, scratch, dw, db, isTransposed: false));
        foreach ((string name, double time) in new[] { "forward", "data gradient", "weight gradient" }.Zip(seconds))
            FlopsRow($"convolution 3×3, 64 channels, {name}", shape.Flops / time, ceiling);
    }

    private static void Functions(ComputeDevice core)
    {
        using var memory = new Scratch(core.Accelerator);
        ArrayView<float> x = memory.Copy([.. Enumerable.Range(0, SmallLength).Select(i => 0.01f + i * 0.001f)]);
        ArrayView<float> y = memory.Zeros(SmallLength);
        Show<ExpFunction>("exp");
        Show<LogFunction>("log");
        Show<TanhFunction>("tanh");
        Show<SigmoidFunction>("sigmoid");

        void Show<TFunction>(string name) where TFunction : struct, IFunction
        {
            const int repeats = 64;
            Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, int> kernel =
                core.Accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, int>(FunctionKernel<TFunction>);
            KernelConfig config = (SmallLength / core.Accelerator.WarpSize, core.Accelerator.WarpSize);
            double seconds = Time(core, () => kernel(core.Stream, config, x, y, repeats))[0];
            Row($"{name}, one core", $"{(double)SmallLength * repeats / seconds / 1e9:F2}e9 results/s", "");
        }
    }

    /// <summary>The median seconds of each, taken in turns.</summary>
    private static double[] Time(ComputeDevice device, params Action[] runs)
    {
        IEnumerable<Func<int, double>> contestants = runs.Select(run => Alternation.Contestant(run, device.Synchronize));
        return [.. Alternation.Time([.. contestants], Rounds, TurnSeconds).Select(spread => spread.Median)];
    }

    private static void FlopsRow(string what, double rate, double ceiling) =>
        Row(what, $"{rate / 1e9:F0} GFLOP/s", $"{100 * rate / ceiling:F0} % of the arithmetic ceiling");

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
