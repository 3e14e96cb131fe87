using System.Diagnostics;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Tests.Cli;
using GpuVae.Training;

namespace GpuVae.Tests.Faults;

/// <summary>What a program does for days, for minutes. Alone, because memory, handles and threads are those of the process.</summary>
[Collection(nameof(SoakTests))]
[CollectionDefinition(nameof(SoakTests), DisableParallelization = true)]
public sealed class SoakTests : IDisposable
{
    private const long MemoryGrowth = 48 << 20;
    private const int HandleGrowth = 4, ThreadGrowth = 4;

    private static readonly TimeSpan Duration = TimeSpan.FromMinutes(10);

    private static readonly string[] Command =
    [
        "train", "--images", "256", "--size", "8", "--hidden", "16", "--latent", "2", "--batch", "16", "--epochs", "100",
        "--checkpoint-every", "4", "--seed", "5", "--device", "cpu",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>What a process holds.</summary>
    private readonly record struct Holdings(long Memory, int Handles, int Threads)
    {
        public static Holdings OfThisProcess()
        {
            for (int i = 0; i < 2; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            using var process = Process.GetCurrentProcess();
            int handles = OperatingSystem.IsLinux() ? Directory.GetFileSystemEntries("/proc/self/fd").Length : process.HandleCount;
            return new(process.WorkingSet64, handles, process.Threads.Count);
        }
    }

    [Fact]
    public void AProgramThatTrainsAndGeneratesForTenMinutesHoldsWhatItHeldAtFirst()
    {
        Nightly.Require("a soak of ten minutes");
        ImageSet images = SyntheticDigits.Create(256, seed: 3);
        using var shared = ComputeDevice.Open("cpu");
        var clock = Stopwatch.StartNew();
        int rounds = 0;
        void Work(TimeSpan until)
        {
            for (; clock.Elapsed < until; rounds++)
            {
                UseOnce(shared, images, rounds);
                // Opening is a part of the work, but the compiler's should not be all of it.
                if (rounds % 20 == 0)
                {
                    using var own = ComputeDevice.Open("cpu");
                    UseOnce(own, images, rounds);
                }
            }
        }

        // Caches fill, the compiler compiles again what is used often, and the heap finds its size.
        Work(Duration / 5);
        var first = Holdings.OfThisProcess();
        Work(Duration);
        var last = Holdings.OfThisProcess();
        string what = $"{rounds} rounds: {first} -> {last}";
        TestContext.Current.TestOutputHelper?.WriteLine(what);
        Assert.True(last.Memory - first.Memory < MemoryGrowth, what);
        Assert.True(last.Handles - first.Handles <= HandleGrowth, what);
        Assert.True(last.Threads - first.Threads <= ThreadGrowth, what);
    }

    [Fact]
    public void TrainingsThatAreKilledAtAnyMomentForMinutesEndWithTheSameBytes()
    {
        Nightly.Require("a soak of five minutes");
        Gpuvae.Succeed(folder.FullPath, [.. Command, "--out", "whole"]);
        var random = new Random(11);
        int kills = 0, ends = 0;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < Duration / 2;)
        {
            using Process process = CommandResult.Start(Gpuvae.StartInfo(folder.FullPath, Next()));
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (process.WaitForExit(random.Next(200, 3000)))
            {
                Assert.Equal(0, process.ExitCode);
                AssertAsUndisturbed();
                ends++;
            }
            else
            {
                process.Kill();
                process.WaitForExit();
                kills++;
            }
        }
        Gpuvae.Succeed(folder.FullPath, Next());
        AssertAsUndisturbed();
        string what = $"{kills} kills, {ends} runs that ended before one";
        TestContext.Current.TestOutputHelper?.WriteLine(what);
        Assert.True(kills > 0, what);
    }

    private string[] Next() =>
        File.Exists(folder["run/checkpoint"]) ? ["train", "--resume", "run", "--device", "cpu"] : [.. Command, "--out", "run"];

    private void AssertAsUndisturbed()
    {
        foreach (string file in (string[])["model.safetensors", "best.safetensors", "samples.png"])
            Assert.Equal(File.ReadAllBytes(folder[$"whole/{file}"]), File.ReadAllBytes(folder[$"run/{file}"]));
        Directory.Delete(folder["run"], recursive: true);
    }

    private void UseOnce(ComputeDevice device, ImageSet images, int round)
    {
        var options = new VaeOptions { Hidden = [32], Latent = 4 };
        using var model = new Vae(device, options, seed: 1);
        using (var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 32, Epochs = 2 }, images))
        {
            trainer.KeepIn(RunFolder.Create(folder["soak"]));
            trainer.Run();
        }
        model.Save(folder["soak"]);
        using var loaded = Vae.Load(device, folder["soak"]);
        float[] pictures = loaded.Generate(64 + round % 7, seed: 1);
        int count = pictures.Length / options.Shape.Pixels;
        float[] means = new float[count * options.Latent], logVariances = new float[count * options.Latent];
        loaded.Encode(pictures, means, logVariances);
        Assert.DoesNotContain(means, value => !float.IsFinite(value));
    }
}
