using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Tests.Training;

/// <summary>What happens to gradients and weights beside Adam: accumulation, the average of the weights, the search for a rate.</summary>
public sealed class OptimizerStepTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 3), Hidden = [6], Latent = 2 };

    private readonly ImageSet images = TestImages.Random(8, Small.Shape);

    [Fact]
    public void AnAccumulatedGradientIsTheMeanOverItsBatches()
    {
        var options = new TrainingOptions { BatchSize = 4, Accumulation = 2, Seed = 5 };
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, options);
        Assert.Equal(options.Epochs, trainer.Steps);
        trainer.RunStep();
        float[] mean = Read(trainer.State.GradientSum), second = Read(trainer.State.Gradients);

        // The first half of the batch alone, in the same order.
        int[] order = new int[8], ofHalf = new int[4], chosen = new int[4];
        EpochOrder.Fill(order, options.Seed, 0);
        EpochOrder.Fill(ofHalf, options.Seed, 0);
        for (int i = 0; i < chosen.Length; i++)
            chosen[ofHalf[i]] = order[i];
        using var again = new Vae(cpu.Device, Small);
        using var half = new Trainer(again, images.Select(chosen), options with { Accumulation = 1 });
        half.RunStep();
        float[] first = Read(half.State.Gradients);
        Assert.NotEqual(first, second);
        Assert.Equal([.. first.Zip(second, (a, b) => 0.5f * (a + b))], mean, (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void TheAverageOfTheWeightsIsWhatATrainingLeaves()
    {
        var options = new TrainingOptions { BatchSize = 4, Epochs = 8, AverageDecay = 0.6, LearningRate = 0.01 };
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, options, images);
        double[] average = [.. Read(model.Parameters.Values)];
        for (int t = 1; t <= trainer.Steps; t++)
        {
            trainer.RunStep();
            double keep = Math.Min(0.6, t / (t + 9.0));
            float[] weights = Read(model.Parameters.Values);
            for (int i = 0; i < average.Length; i++)
                average[i] += (1 - keep) * (weights[i] - average[i]);
        }
        using var other = new Vae(cpu.Device, Small);
        using var whole = new Trainer(other, images, options, images);
        double? loss = null;
        whole.EpochCompleted += epoch => loss = epoch.Test!.Value.Loss;
        whole.Run(TestContext.Current.CancellationToken);
        Assert.Equal(average, Read(other.Parameters.Values).Select(value => (double)value), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Equal(other.Evaluate(images).Loss, loss!.Value, 1e-6);
        Assert.NotEqual(Read(model.Parameters.Values), Read(other.Parameters.Values));
    }

    [Fact]
    public void ALearningRateIsFoundBelowTheOneAtWhichTheLossIsLowest()
    {
        using var model = new Vae(cpu.Device, Small);
        var scan = LearningRateScan.Run(
            model, images, new TrainingOptions { BatchSize = 4, KlWarmupEpochs = 3 }, 40, TestContext.Current.CancellationToken);
        Assert.InRange(scan.Steps.Count, 10, 40);
        Assert.Equal(1e-6, scan.Steps[0].Rate, 1e-9);
        Assert.True(scan.Steps.Zip(scan.Steps.Skip(1)).All(pair => pair.First.Rate < pair.Second.Rate));
        Assert.Equal(scan.Steps.MinBy(step => step.Loss).Rate / 10, scan.Suggested);
    }

    private float[] Read(ArrayView<float> view) => view.GetAsArray(cpu.Device.Stream);
}
