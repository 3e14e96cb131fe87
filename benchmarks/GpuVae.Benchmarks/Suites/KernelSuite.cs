using BenchmarkDotNet.Attributes;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Benchmarks.Suites;

/// <summary>The kernels that memory limits, and the cost of a launch.</summary>
public class KernelSuite : DeviceSuite
{
    private ArrayView<float> x, y, m, v, perImage, rate, log;
    private ArrayView<long> clock;
    private ActivationKernels<Relu> relu = null!;
    private ActivationKernels<Gelu> gelu = null!;
    private RandomFill random = null!;
    private LikelihoodKernels loss = null!;
    private Adam adam = null!;
    private Action<AcceleratorStream, KernelConfig, int> empty = null!;
    private KernelConfig oneGroup;

    /// <summary>Images of 784 pixels.</summary>
    [Params(128, 8192)]
    public int Images { get; set; }

    [Benchmark]
    public void EmptyLaunch()
    {
        empty(Device.Stream, oneGroup, 0);
        Device.Synchronize();
    }

    [Benchmark]
    public void ReluForward()
    {
        relu.Forward(Device.Stream, x, y);
        Device.Synchronize();
    }

    [Benchmark]
    public void GeluForward()
    {
        gelu.Forward(Device.Stream, x, y);
        Device.Synchronize();
    }

    [Benchmark]
    public void NormalNumbers()
    {
        random.Normal(Device.Stream, y, 1, RandomPurpose.Prior, 0, 0, 1);
        Device.Synchronize();
    }

    [Benchmark]
    public void LearnedVarianceLossAndGradient()
    {
        loss.Differentiate(Device.Stream, y, m, default, default, perImage, PixelLayout.Planar(392), 1, 1f / Images);
        Device.Synchronize();
    }

    [Benchmark]
    public void AdamUpdate()
    {
        adam.Update(Device.Stream, x, y, m, v, rate, default, new StepLog(clock, perImage, perImage, log));
        Device.Synchronize();
    }

    protected override void Prepare()
    {
        Accelerator accelerator = Device.Accelerator;
        (x, y, m, v) = (Memory.Zeros(Images * 784), Memory.Zeros(Images * 784), Memory.Zeros(Images * 784), Memory.Zeros(Images * 784));
        (perImage, rate, log) = (Memory.Zeros(Images), Memory.Zeros(1), Memory.Zeros(2));
        clock = Memory.Copy(new long[3]);
        relu = new ActivationKernels<Relu>(accelerator);
        gelu = new ActivationKernels<Gelu>(accelerator);
        random = new RandomFill(accelerator);
        loss = LikelihoodKernels.Create<PixelScale<GaussianFamily>>(accelerator, default);
        adam = new Adam(accelerator, new AdamOptions());
        empty = accelerator.LoadKernel<int>(EmptyKernel);
        oneGroup = (1, accelerator.WarpSize);
    }

    private static void EmptyKernel(int unused)
    {
    }
}
