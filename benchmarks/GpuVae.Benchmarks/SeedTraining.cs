using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Models;
using GpuVae.Training;

namespace GpuVae.Benchmarks;

/// <summary>The seed VAE ready to train on noise for as long as a measurement wants: what every benchmark of a step times.</summary>
internal sealed class SeedTraining : IDisposable
{
    private const int BatchesPerEpoch = 8;

    public SeedTraining(ComputeDevice device, int batch)
    {
        var pixels = new byte[BatchesPerEpoch * batch * 784];
        new Random(1).NextBytes(pixels);
        Model = new Vae(device);
        var options = new TrainingOptions { BatchSize = batch, Epochs = int.MaxValue / (BatchesPerEpoch * batch), LogEverySteps = 1 << 16 };
        Trainer = new Trainer(Model, new ImageSet("noise", 28, 28, 1, pixels), options);
    }

    public Vae Model { get; }

    public Trainer Trainer { get; }

    public void Dispose()
    {
        Trainer.Dispose();
        Model.Dispose();
    }
}
