using System.Runtime.CompilerServices;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Tests.Training;

/// <summary>A device that is lost while a model is trained on it.</summary>
public sealed class DeviceLossTests
{
    [Fact]
    [Trait("Device", "OpenCL")]
    public void TheErrorOfTheKernelReachesTheCallerAndTheLastCheckpointStays()
    {
        string? name = ComputeDevice.List().FirstOrDefault(device => device.Name.StartsWith("opencl", StringComparison.Ordinal))?.Name;
        Assert.SkipWhen(name is null, "No OpenCL device.");
        using var folder = new TemporaryFolder();
        ImageSet images = SyntheticDigits.Create(48, seed: 3);
        // As a program has it: what it disposes on the way out must not hide what happened.
        CLException error = Assert.Throws<CLException>(() =>
        {
            using var device = ComputeDevice.Open(name);
            using var model = new Vae(device, new VaeOptions { Hidden = [16], Latent = 4 });
            using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 16, Epochs = 6, CheckpointEverySteps = 1 });
            trainer.KeepIn(RunFolder.Create(folder.FullPath));
            trainer.Stepped += () =>
            {
                // Behind the second step; the checkpoint is that of the first.
                trainer.Record.Wait();
                if (File.Exists(trainer.Folder!.Checkpoint))
                    QueueOf((CLStream)device.Stream) = 0;
            };
            trainer.Run(TestContext.Current.CancellationToken);
        });
        Assert.Contains(
            $"training on {name}, step 2: OpenCL: CL_INVALID_COMMAND_QUEUE (-36); the device may be lost", error.Message,
            StringComparison.Ordinal);
        Assert.Equal(1, TrainingCheckpoint.Read(folder["checkpoint"]).Step);
        Assert.Empty(Directory.GetFiles(folder.FullPath, "*.tmp"));
        using var again = ComputeDevice.Open(name);
        again.Synchronize();
    }

    // A queue that is not there gives what drivers give for one of a lost device.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "queuePtr")]
    private static extern ref nint QueueOf(CLStream stream);
}
