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
        Model = model;
        ImageSet images = Images(model.Options.Shape, batch);
        int epochs = int.MaxValue / (BatchesPerEpoch * batch);
        Trainer = new Trainer(Model, images, new TrainingOptions { BatchSize = batch, Epochs = epochs, LogEverySteps = 1 << 16 });
    }

    public Vae Model { get; }

    public Trainer Trainer { get; }

    /// <summary>Noise for a few batches.</summary>
    public static ImageSet Images(ImageShape shape, int batch)
    {
        byte[] pixels = new byte[BatchesPerEpoch * batch * shape.Pixels];
        new Random(1).NextBytes(pixels);
        return new ImageSet("noise", shape.Width, shape.Height, shape.Channels, pixels);
    }

    public void Dispose()
    {
        Trainer.Dispose();
        Model.Dispose();
    }
}
