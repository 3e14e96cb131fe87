using BenchmarkDotNet.Attributes;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Benchmarks.Suites;

/// <summary>One optimizer step of the seed VAE: gather, forward, loss, backward, Adam.</summary>
[MemoryDiagnoser]
public class TrainingStepSuite : DeviceSuite
{
    private NoiseTraining training = null!;

    [Params(32, 128, 512, 2048, 8192)]
    public int Batch { get; set; }

    [Benchmark]
    public void Step()
    {
        training.Trainer.RunStep();
        Device.Synchronize();
    }

    protected override void Prepare() => training = Memory.Own(new NoiseTraining(Device, new VaeOptions(), Batch));
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
        model = Memory.Own(new Vae(Device));
        codes = model.SamplePrior(Images, seed: 1);
        images = new float[Images * model.Options.Shape.Pixels];
    }
}
