using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Benchmarks;

/// <summary>A model ready to train on noise for as long as a measurement wants: what every benchmark of a step times.</summary>
internal sealed class NoiseTraining : IDisposable
{
    private const int BatchesPerEpoch = 8;

    public NoiseTraining(ComputeDevice device, VaeOptions options, int batch) : this(new Vae(device, options), batch) { }

    public NoiseTraining(Vae model, int batch)
    {
        VaeOptions options = model.Options;
        byte[] pixels = new byte[BatchesPerEpoch * batch * options.Shape.Pixels];
        new Random(1).NextBytes(pixels);
        Model = model;
        var images = new ImageSet("noise", options.Shape.Width, options.Shape.Height, options.Shape.Channels, pixels);
        int epochs = int.MaxValue / (BatchesPerEpoch * batch);
        Trainer = new Trainer(Model, images, new TrainingOptions { BatchSize = batch, Epochs = epochs, LogEverySteps = 1 << 16 });
    }

    public Vae Model { get; }

    public Trainer Trainer { get; }

    public void Dispose()
    {
        Trainer.Dispose();
        Model.Dispose();
    }
}
