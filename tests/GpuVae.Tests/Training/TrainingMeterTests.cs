using System.Diagnostics.Metrics;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

/// <summary>What listeners of the meter hear of a training.</summary>
public sealed class TrainingMeterTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 3), Hidden = [6], Latent = 2, Beta = 2 };

    private readonly ImageSet images = TestImages.Random(11, Small.Shape);
    private readonly TrainingOptions training = new() { BatchSize = 4, Epochs = 2, LogEverySteps = 2 };

    [Fact]
    public void LossImagesAndStepTimeAreMeasuredEveryInterval()
    {
        var heard = new List<(string Instrument, string? Unit, double Value, string? Term)>();
        int thread = Environment.CurrentManagedThreadId;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "GpuVae")
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        void Hear(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            // Other tests train in other threads.
            if (Environment.CurrentManagedThreadId == thread)
                heard.Add((instrument.Name, instrument.Unit, value, tags.IsEmpty ? null : (string?)tags[0].Value));
        }
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Hear(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Hear(instrument, value, tags));
        listener.Start();

        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, training);
        var progress = new List<TrainingProgress>();
        trainer.Progressed += progress.Add;
        trainer.Run(TestContext.Current.CancellationToken);

        // Of batches of 4, 4 and 3 images, two steps at a time, and at the ends of epochs.
        Assert.Equal([8, 3, 8, 3], Of("gpuvae.training.images", "{image}"));
        Assert.Equal(progress.Select(seen => seen.Loss.Loss), Of("gpuvae.training.loss", "nat", "loss"));
        Assert.Equal(progress.Select(seen => seen.Loss.Reconstruction), Of("gpuvae.training.loss", "nat", "reconstruction"));
        Assert.Equal(progress.Select(seen => seen.Loss.Kl), Of("gpuvae.training.loss", "nat", "kl"));
        double[] rates = Of("gpuvae.training.image.rate", "{image}/s"), durations = Of("gpuvae.training.step.duration", "s");
        int[] batches = [4, 3, 4, 3];
        Assert.Equal(4, durations.Length);
        Assert.All(durations, (seconds, i) =>
        {
            Assert.InRange(seconds, double.Epsilon, 60);
            Assert.Equal(batches[i], rates[i] * seconds, 1e-6);
        });
        Assert.Equal(24, heard.Count);

        double[] Of(string instrument, string unit, string? term = null) =>
            [.. heard.Where(one => one.Instrument == instrument && one.Unit == unit && one.Term == term).Select(one => one.Value)];
    }

    [Fact]
    public void WhereNobodyListensAnIntervalAllocatesNothing()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, training with { Epochs = 1000 });
        for (int i = 0; i < 10; i++)
            trainer.RunStep();
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 60; i++)
                trainer.RunStep();
        }));
    }
}
