using System.Text.Json.Nodes;
using GpuVae.Data;
using GpuVae.Formats;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

/// <summary>What a training leaves on the disk, and what it goes on with.</summary>
public sealed class RunRecordTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 3), Hidden = [6], Latent = 2, Classes = 2 };
    private static readonly TrainingOptions Training = new() { BatchSize = 4, Epochs = 2, Seed = 9 };

    // Ten gigabytes of weights, of which the file has none.
    private const string Gigantic =
        """
        "{\"shape\":{\"width\":4,\"height\":3,\"channels\":1},\"hidden\":[20000,20000],\"latent\":2,\"classes\":2}"
        """;

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RunFolder Run => RunFolder.Create(folder["run"]);

    [Fact]
    public void TheBestWeightsAreKeptAndTheTrainingEndsWhereNoneAreBetter()
    {
        // Eight images of noise are learnt by heart, which helps with other noise for a short time only.
        ImageSet images = Labelled(8, seed: 1), test = Labelled(8, seed: 2);
        using var model = new Vae(cpu.Device, Small with { Hidden = [64] });
        using var trainer = new Trainer(
            model, images, Training with { Epochs = 500, LearningRate = 0.02, EarlyStopping = 3 }, test);
        trainer.KeepIn(Run);
        TrainingResult result = trainer.Run(Cancellation);

        Assert.True(result is { Completed: true, StoppedEarly: true }, result.ToString());
        MetricsLine best = trainer.History.MinBy(line => line.TestLoss)!;
        Assert.Equal(best, trainer.BestEpoch);
        Assert.Equal(best.Epoch + 3, trainer.History.Count);
        Assert.Equal(2 * trainer.History.Count, result.Steps);
        using Vae kept = Run.Load(cpu.Device);
        Assert.Equal(best.TestLoss, kept.Evaluate(test).Loss);
        using var last = Vae.Load(cpu.Device, Run.Path);
        Assert.Equal(trainer.History[^1].TestLoss, last.Evaluate(test).Loss);
    }

    [Theory]
    [InlineData(2)] // The end of an epoch, of which the resumed training is the first to tell.
    [InlineData(3)]
    [InlineData(4)]
    public void StepsTakenOneByOneAreGoneOnWith(int taken)
    {
        ImageSet images = Labelled(8, 1);
        TrainingOptions training = Training with { Epochs = 4 };
        using var model = new Vae(cpu.Device, Small, training.Seed);
        using var trainer = new Trainer(model, images, training);
        for (int i = 0; i < taken; i++)
            trainer.RunStep();
        trainer.Save(folder["one.ckpt"]);
        Assert.True(trainer.Run(Cancellation).Completed);

        using var resumed = Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(folder["one.ckpt"]), images);
        Assert.True(resumed.Run(Cancellation).Completed);
        Assert.Equal(model.Generate(4, 1), resumed.Model.Generate(4, 1));
        Assert.Equal(Texts(trainer.History), Texts(resumed.History));
        resumed.Save(folder["two.ckpt"]);
        using var again = Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(folder["two.ckpt"]), images);
        Assert.Equal(Texts(resumed.History), Texts(again.History));

        static IEnumerable<string> Texts(IEnumerable<MetricsLine> lines) => lines.Select(line => line.WithoutTimes.ToJson());
    }

    [Fact]
    public void EarlyStoppingNeedsATestSet()
    {
        using var model = new Vae(cpu.Device, Small);
        Assert.Contains(
            "TrainingOptions.EarlyStopping",
            Assert.Throws<BadInputException>(() => new Trainer(model, Labelled(8, 1), Training with { EarlyStopping = 1 })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void AStoppedRunIsAWholeOne()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, Labelled(8, 1), Training with { Epochs = 1000 }, Labelled(8, 2));
        trainer.KeepIn(Run);
        using var stop = new CancellationTokenSource();
        trainer.Stepped += () =>
        {
            if (trainer.Step == 3)
                stop.Cancel();
        };
        Assert.False(trainer.Run(stop.Token).Completed);
        using var last = Vae.Load(cpu.Device, Run.Path);
        float[] expected = model.Generate(4, 1), actual = last.Generate(4, 1);
        Assert.Equal(expected, actual);
        Assert.True(File.Exists(Run.BestModel));
        Assert.Equal(1, Assert.Single(Run.ReadMetrics()).Epoch);
        Assert.Equal(3, TrainingCheckpoint.Read(Run.Checkpoint).Step);
    }

    [Fact]
    public void WhatCannotBeWrittenIsTold()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, Labelled(8, 1), Training with { Epochs = 1000 }, Labelled(8, 2));
        trainer.KeepIn(Run);
        Directory.Delete(folder["run"], recursive: true);
        File.WriteAllText(folder["run"], "");
        Assert.Contains(folder["run"], Assert.Throws<IOException>(() => trainer.Run(Cancellation)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("images", "is not what the checkpoint was trained on (8×4×3×1")]
    [InlineData("labels", "The labels or attributes of")]
    [InlineData("factors", "The labels or attributes of")]
    [InlineData("test images", "is not what the checkpoint was tested on (8×4×3×1")]
    [InlineData("test labels", "The labels or attributes of")]
    [InlineData("no test", "none are given now")]
    public void AnotherSetIsNotGoneOnWith(string changed, string message)
    {
        ImageSet images = Labelled(8, 1), test = Labelled(8, 2);
        TrainingCheckpoint checkpoint = Stopped(images, test);
        int[] otherLabels = [.. images.Labels!.Select(label => 1 - label)];
        images = changed switch
        {
            "images" => Labelled(8, 3),
            "labels" => With(images, otherLabels, null),
            "factors" => With(images, images.Labels!, [Factor.Continuous("age", [1, 2, 3, 4, 5, 6, 7, 8], 4)]),
            _ => images,
        };
        ImageSet? otherTest = changed switch
        {
            "test images" => Labelled(8, 3),
            "test labels" => With(test, [.. test.Labels!.Select(label => 1 - label)], null),
            "no test" => null,
            _ => test,
        };
        BadInputException error = Assert.Throws<BadInputException>(
            () => Trainer.Resume(cpu.Device, checkpoint, images, otherTest).Dispose());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("step", "-1")]
    [InlineData("step", "-9223372036854775808")]
    [InlineData("step", "1e300")]
    [InlineData("step", "\"two\"")]
    [InlineData("step", "4")]
    [InlineData("step", "5")]
    [InlineData("data", "null")]
    [InlineData("data", "17")]
    [InlineData("model", "\"{}\"")]
    [InlineData("model", "[]")]
    [InlineData("model", Gigantic)]
    [InlineData("training", "\"{\\\"batchSize\\\":-4}\"")]
    [InlineData("training", "\"{\\\"batchSize\\\":2}\"")]
    [InlineData("training", "null")]
    public void AHeaderThatNoTrainingWritesIsRefused(string field, string value)
    {
        ImageSet images = Labelled(8, 1), test = Labelled(8, 2);
        Stopped(images, test);
        var file = CheckpointFile.Read(Run.Checkpoint);
        file.Header[field] = JsonNode.Parse(value);
        file.Write(Run.Checkpoint);
        BadInputException error = Assert.Throws<BadInputException>(
            () => Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(Run.Checkpoint), images, test).Dispose());
        // A sound description of another model speaks of the images, which do not fit it.
        if (value != "\"{}\"")
            Assert.Contains("checkpoint", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("weights", float.NaN)]
    [InlineData("adam.first", float.PositiveInfinity)]
    [InlineData("adam.second", -1f)]
    public void NumbersThatNoTrainingLeavesAreRefused(string section, float value)
    {
        ImageSet images = Labelled(8, 1), test = Labelled(8, 2);
        Stopped(images, test);
        var file = CheckpointFile.Read(Run.Checkpoint);
        BitConverter.GetBytes(value).CopyTo(file.Get(section), 0);
        file.Write(Run.Checkpoint);
        BadInputException error = Assert.Throws<BadInputException>(
            () => Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(Run.Checkpoint), images, test).Dispose());
        Assert.Contains($"{Run.Checkpoint} is not a valid checkpoint", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>A run that was stopped after the third step, in the middle of the second epoch.</summary>
    private TrainingCheckpoint Stopped(ImageSet images, ImageSet test)
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, Training, test);
        trainer.KeepIn(Run);
        using var stop = new CancellationTokenSource();
        trainer.Stepped += () =>
        {
            if (trainer.Step == 3)
                stop.Cancel();
        };
        trainer.Run(stop.Token);
        return TrainingCheckpoint.Read(Run.Checkpoint);
    }

    private static ImageSet Labelled(int count, ulong seed)
    {
        ImageSet all = TestImages.Random((int)seed * count, Small.Shape);
        ImageSet part = all.Select([.. Enumerable.Range(all.Count - count, count)]);
        return With(part, [.. Enumerable.Range(0, count).Select(i => i % 2)], null);
    }

    private static ImageSet With(ImageSet images, int[] labels, Factor[]? factors) => new(
        images.Name, images.Width, images.Height, images.Channels, images.Pixels, labels, ["a", "b"], factors);
}
