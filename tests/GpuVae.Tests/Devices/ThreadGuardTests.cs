using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Evaluation;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Simd;
using GpuVae.Training;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Tests.Devices;

/// <summary>A device is one thread's at a time: another gets an exception, never a wrong number.</summary>
public sealed class ThreadGuardTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 4), Hidden = [16], Latent = 3 };

    private readonly ImageSet images = TestImages.Random(8, Small.Shape);

    [Fact]
    public void EncodesOfEightThreadsAreRightOrRefused()
    {
        const int threads = 8, each = 80;
        using var model = new Vae(cpu.Device, Small);
        float[][] inputs = [.. Enumerable.Range(0, threads).Select(i => PictureInput.Rows(TestImages.Random(5, Small.Shape, seed: i)))];
        float[][] expected = [.. inputs.Select(input => Encode(model, input))];
        int right = 0, refused = 0, wrong = 0;
        Together(threads, thread =>
        {
            for (int i = 0; i < each; i++)
            {
                try
                {
                    bool isRight = Encode(model, inputs[thread]).AsSpan().SequenceEqual(expected[thread]);
                    Interlocked.Increment(ref isRight ? ref right : ref wrong);
                }
                catch (InvalidOperationException error) when (error.Message.StartsWith("Vae.Encode was refused", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref refused);
                }
            }
        });
        Assert.Equal((0, threads * each), (wrong, right + refused));
        Assert.NotEqual(0, right);
        Assert.Equal(expected[0], Encode(model, inputs[0]));
    }

    [Fact]
    public void EverythingThatTouchesTheDeviceIsRefusedToASecondThread()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 4, Epochs = 1 });
        using MemoryBuffer1D<float, Stride1D.Dense> pixels = cpu.Device.Accelerator.Allocate1D(PictureInput.Rows(images));
        using MemoryBuffer1D<float, Stride1D.Dense> codes = cpu.Device.Accelerator.Allocate1D<float>(8 * Small.Latent);
        using MemoryBuffer1D<float, Stride1D.Dense> moments = cpu.Device.Accelerator.Allocate1D<float>(16 * Small.Latent);
        float[] rows = PictureInput.Rows(images), means = new float[24], others = new float[24];
        using var folder = new TemporaryFolder();
        model.SaveWeights(folder["weights"]);
        Parameter weight = model.Parameters.Parameters[0];
        Action[] uses =
        [
            () => cpu.Device.Synchronize(), cpu.Dispose, () => _ = new Vae(cpu.Device, Small), model.Dispose,
            () => model.Encode(pixels.View, moments.View), () => model.Encode(rows, means, others),
            () => model.Decode(codes.View, pixels.View), () => model.Decode(means, rows),
            () => model.DecodeSamples(codes.View, pixels.View, seed: 1),
            () => model.Reconstruct(pixels.View, pixels.View), () => model.Reconstruct(rows, rows.ToArray()),
            () => model.SamplePrior(codes.View, seed: 1), () => model.SamplePrior(2, seed: 1), () => model.SampleCodes(2, seed: 1),
            () => model.Generate(2, seed: 1),
            () => model.StartFrom(images, seed: 1), () => model.Evaluate(images), () => model.SaveWeights("never-written"),
            () => model.LoadWeights(folder["weights"]),
            () => model.Parameters.Read(weight), () => model.Parameters.Write(weight, new float[weight.Length]), model.Parameters.Dispose,
            () => ModelEvaluation.Run(model, images), () => ImportanceSampling.LogLikelihoods(model, images, 2),
            () => ImageQuality.Compare(cpu.Device, rows, rows, Small.Shape),
            () => Inpainting.Complete(model, rows, Mask.Half(4, 4, ImageHalf.Lower)), () => Upscaling.Enlarge(model, rows.AsSpan(0, 4), 2),
            () => LatentCodes.Means(model, images), () => _ = new ImageEditor(model, images), () => _ = Tuner.Tune(cpu.Device).ToArray(),
            () => _ = new Trainer(model, images, trainer.Options), () => trainer.Run(), trainer.RunStep, () => trainer.Profile(1),
            () => trainer.Save("never-written"), () => trainer.KeepIn(RunFolder.Create(folder["run"])), trainer.Dispose,
            () => trainer.Schedule.Run(cpu.Device.Stream),
        ];
        using (cpu.Device.Enter("the test"))
        {
            OnAnotherThread(() => Assert.All(uses, use =>
            {
                InvalidOperationException error = Assert.Throws<InvalidOperationException>(use);
                Assert.Contains("the test is under way on", error.Message, StringComparison.Ordinal);
                Assert.Contains("Take a lock", error.Message, StringComparison.OrdinalIgnoreCase);
            }));
        }
        // Nothing was freed or changed on the way out, and the device is anybody's again.
        OnAnotherThread(() => Assert.Equal(2 * 16, model.Generate(2, seed: 1).Length));
        Assert.True(trainer.Run(TestContext.Current.CancellationToken).Completed);
    }

    [Fact]
    public void TheThreadInsideMayEnterAgainAndAllocatesNothing()
    {
        using (cpu.Device.Enter("outer"))
        {
            using (cpu.Device.Enter("inner"))
                cpu.Device.Synchronize();
            OnAnotherThread(() => Assert.Throws<InvalidOperationException>(cpu.Device.Synchronize));
        }
        OnAnotherThread(cpu.Device.Synchronize);
        Assert.Equal(0, Allocations.Of(() => cpu.Device.Enter("a call").Dispose()));
    }

    [Fact]
    public void HandlersOfATrainingMayUseTheModel()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 4, Epochs = 2 });
        int pictures = 0;
        trainer.Stepped += () => pictures += model.Generate(1, seed: 1).Length / Small.Shape.Pixels;
        trainer.EpochCompleted += _ => OnAnotherThread(() => Assert.Throws<InvalidOperationException>(() => model.Generate(1, seed: 1)));
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(4, pictures);
    }

    [Fact]
    public void DevicesOpenedApartWorkAtTheSameTime()
    {
        float[] rows = PictureInput.Rows(images), expected;
        using (var model = new Vae(cpu.Device, Small))
            expected = Encode(model, rows);
        Together(4, _ =>
        {
            using var device = ComputeDevice.Open("cpu");
            using var model = new Vae(device, Small);
            for (int i = 0; i < 50; i++)
                Assert.Equal(expected, Encode(model, rows));
            using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 4, Epochs = 2 });
            Assert.True(trainer.Run().Completed);
        });
    }

    [Fact]
    public void TwoDevicesAroundOneAcceleratorCountAsOne()
    {
        using var context = Context.Create(builder => builder.EnableAlgorithms());
        using Accelerator accelerator = context.CreateSimdAccelerator();
        using ComputeDevice first = ComputeDevice.Wrap(accelerator), second = ComputeDevice.Wrap(accelerator);
        using (first.Enter("the test"))
            OnAnotherThread(() => Assert.Throws<InvalidOperationException>(second.Synchronize));
        OnAnotherThread(second.Synchronize);
    }

    [Fact]
    public void WhatTwoThreadsEnqueueInTurnsRunsInThatOrder()
    {
        using var model = new Vae(cpu.Device, Small);
        using MemoryBuffer1D<float, Stride1D.Dense> pixels = cpu.Device.Accelerator.Allocate1D(PictureInput.Rows(images));
        float[] expected = PictureInput.Rows(images);
        for (int i = 0; i < 40; i++)
            model.Reconstruct(expected.ToArray(), expected);
        var turns = new Lock();
        Together(4, _ =>
        {
            for (int i = 0; i < 10; i++)
            {
                lock (turns)
                    model.Reconstruct(pixels.View, pixels.View);
            }
        });
        cpu.Device.Synchronize();
        Assert.Equal(expected, pixels.GetAsArray1D());
    }

    [Fact]
    public void AClosedDeviceSaysThatItIs()
    {
        var device = ComputeDevice.Open("cpu");
        using var model = new Vae(device, Small);
        model.Generate(1, seed: 1);
        device.Dispose();
        device.Dispose();
        Action[] uses = [() => model.Generate(1, seed: 1), device.Synchronize, () => _ = new Vae(device, Small)];
        Assert.All(uses, use => Assert.Equal(typeof(ComputeDevice).FullName, Assert.Throws<ObjectDisposedException>(use).ObjectName));
    }

    private static float[] Encode(Vae model, float[] rows)
    {
        int count = rows.Length / Small.Shape.Pixels;
        float[] means = new float[count * Small.Latent], logVariances = new float[means.Length];
        model.Encode(rows, means, logVariances);
        return [.. means, .. logVariances];
    }

    /// <summary>Runs the action in so many threads that begin at once; the first exception of one is the test's.</summary>
    private static void Together(int threads, Action<int> action)
    {
        using var start = new Barrier(threads);
        Task[] tasks =
        [
            .. Enumerable.Range(0, threads).Select(thread => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    action(thread);
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)),
        ];
        Task.WhenAll(tasks).GetAwaiter().GetResult();
    }

    private static void OnAnotherThread(Action action) => Together(1, _ => action());
}
