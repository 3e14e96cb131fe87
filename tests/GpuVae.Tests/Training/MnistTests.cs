using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

/// <summary>The seed article's training on the real MNIST, one epoch of it.</summary>
public sealed class MnistTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    [Fact]
    public void OneEpochReachesWhatPyTorchReaches()
    {
        (ImageSet train, ImageSet test) = OutsideFiles.Mnist();
        using var model = new Vae(cpu.Device, new VaeOptions { Latent = 20 });
        using var trainer = new Trainer(model, train, new TrainingOptions { Epochs = 1, BatchSize = 128, LearningRate = 1e-3 }, test);
        TrainingResult result = trainer.Run(TestContext.Current.CancellationToken);
        // PyTorch 136.4 with the same options; seeds differ by about one nat.
        Assert.InRange(result.LastEpoch!.Test!.Value.Loss, 100, 140);
    }
}
