using BenchmarkDotNet.Attributes;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;
using GpuVae.Options;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Benchmarks.Suites;

/// <summary>The kernels that memory limits, and the cost of a launch.</summary>
public class KernelSuite : DeviceSuite
{
    private readonly List<MemoryBuffer1D<float, Stride1D.Dense>> buffers = [];
    private ArrayView<float> x, y, m, v, perImage, rate, log;
    private MemoryBuffer1D<long, Stride1D.Dense> clock = null!;
    private ActivationKernels<Relu> relu = null!;
    private ActivationKernels<Gelu> gelu = null!;
    private RandomFill random = null!;
    private LikelihoodLoss<PixelScale<NormalFamily>> loss = null!;
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
        loss.Differentiate(Device.Stream, y, m, default, default, perImage, default, PixelLayout.Planar(392), 1, 1f / Images);
        Device.Synchronize();
    }

    [Benchmark]
    public void AdamUpdate()
    {
        adam.Update(Device.Stream, x, y, m, v, rate, default, new StepLog(clock.View, perImage, perImage, log));
        Device.Synchronize();
    }

    protected override void Prepare()
    {
        Accelerator accelerator = Device.Accelerator;
        (x, y, m, v) = (Zeros(Images * 784), Zeros(Images * 784), Zeros(Images * 784), Zeros(Images * 784));
        (perImage, rate, log) = (Zeros(Images), Zeros(1), Zeros(2));
        clock = accelerator.Allocate1D(new long[3]);
        relu = new ActivationKernels<Relu>(accelerator);
        gelu = new ActivationKernels<Gelu>(accelerator);
        random = new RandomFill(accelerator);
        loss = new(accelerator);
        adam = new Adam(accelerator, new AdamOptions());
        empty = accelerator.LoadKernel<int>(EmptyKernel);
        oneGroup = (1, accelerator.WarpSize);
    }

    protected override void Release()
    {
        random.Dispose();
        clock.Dispose();
        foreach (MemoryBuffer1D<float, Stride1D.Dense> buffer in buffers)
            buffer.Dispose();
        buffers.Clear();
    }

    private static void EmptyKernel(int unused)
    {
    }

    private ArrayView<float> Zeros(int length)
    {
        buffers.Add(Device.Accelerator.Allocate1D(new float[length]));
        return buffers[^1].View;
    }
}
