using BenchmarkDotNet.Attributes;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Training;

namespace GpuVae.Benchmarks.Suites;

/// <summary>One optimizer step of the seed VAE: gather, forward, loss, backward, Adam.</summary>
[MemoryDiagnoser]
public class TrainingStepSuite : DeviceSuite
{
    private Vae model = null!;
    private Trainer trainer = null!;

    [Params(32, 128, 512, 2048, 8192)]
    public int Batch { get; set; }

    [Benchmark]
    public void Step()
    {
        trainer.RunStep();
        Device.Synchronize();
    }

    protected override void Prepare()
    {
        var pixels = new byte[8 * Batch * 784];
        new Random(1).NextBytes(pixels);
        model = new Vae(Device);
        var options = new TrainingOptions { BatchSize = Batch, Epochs = int.MaxValue / (8 * Batch), LogEverySteps = 1 << 16 };
        trainer = new Trainer(model, new ImageSet("noise", 28, 28, 1, pixels), options);
    }

    protected override void Release()
    {
        trainer.Dispose();
        model.Dispose();
    }
}

/// <summary>From codes in host memory to images in host memory.</summary>
[MemoryDiagnoser]
public class GenerationSuite : DeviceSuite
{
    private Vae model = null!;
    private float[] codes = [], images = [];

    [Params(1, 16, 256)]
    public int Images { get; set; }

    [Benchmark]
    public void Decode() => model.Decode(codes, images);

    protected override void Prepare()
    {
        model = new Vae(Device);
        codes = model.SamplePrior(Images, seed: 1);
        images = new float[Images * model.Options.Shape.Pixels];
    }

    protected override void Release() => model.Dispose();
}
