#if BUNDLED_RUNTIME
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Ilgpu.Tests.OpenCL;
using GpuVae.Models;
using GpuVae.Training;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Tests.Training;

/// <summary>A device that is lost while a model is trained on it.</summary>
public sealed class DeviceLossTests
{
    [Fact]
    public void TheErrorOfTheKernelReachesTheCallerAndTheLastCheckpointStays()
    {
        using Context context = Context.Create(builder => builder.OpenCL().EnableAlgorithms());
        Assert.SkipWhen(context.GetCLDevices().Count == 0, "No OpenCL device.");
        using var folder = new TemporaryFolder();
        using CLAccelerator accelerator = context.CreateCLAccelerator(0);
        ImageSet images = SyntheticDigits.Create(48, seed: 3);
        // As a program has it: what it disposes on the way out must not hide what happened.
        var error = Assert.Throws<CLException>(() =>
        {
            using ComputeDevice device = ComputeDevice.Wrap(accelerator);
            using var model = new Vae(device, new VaeOptions { Hidden = [16], Latent = 4 });
            using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 16, Epochs = 6, CheckpointEverySteps = 1 });
            trainer.CheckpointPath = folder["checkpoint"];
            trainer.Stepped += () =>
            {
                // Behind the second step; the checkpoint is that of the first.
                if (File.Exists(trainer.CheckpointPath))
                    LostDevice.Lose(accelerator);
            };
            trainer.Run(TestContext.Current.CancellationToken);
        });
        Assert.Matches("clEnqueue.* on .*: error -36, .* its device may be lost", error.Message);
        Assert.Equal(1, TrainingCheckpoint.Read(folder["checkpoint"]).Step);
        Assert.Empty(Directory.GetFiles(folder.FullPath, "*.tmp"));
    }
}
#endif
