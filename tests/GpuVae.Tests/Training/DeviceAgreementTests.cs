using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;
using ILGPU.Runtime;

namespace GpuVae.Tests.Training;

/// <summary>The same training on every kind of device: what differs is only the order in which sums round.</summary>
public sealed class DeviceAgreementTests
{
    private const int Steps = 100;

    [Theory]
    [InlineData(AcceleratorType.OpenCL, Traits = ["Device", "OpenCL"])]
    [InlineData(AcceleratorType.Cuda, Traits = ["Device", "Cuda"])]
    public void TheSeedVaeTrainedForAHundredStepsHasTheLossesOfTheCpu(AcceleratorType type)
    {
        DeviceDescription? other = ComputeDevice.List().FirstOrDefault(device => device.Type == type);
        if (other is null)
            Assert.Skip($"This machine has no {type} device.");
        double[] expected = Losses("cpu"), actual = Losses(other.Name);
        Assert.Equal(Steps, expected.Length);
        for (int step = 0; step < Steps; step++)
            Assert.Equal(expected[step], actual[step], 1e-4 * expected[step]);
    }

    private static double[] Losses(string name)
    {
        using var device = ComputeDevice.Open(name);
        using var model = new Vae(device, seed: 1);
        ImageSet images = SyntheticDigits.Create(256, seed: 5);
        // 16 steps per epoch, so the last of 7 epochs is cut short.
        using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 16, Epochs = 7, Seed = 1, LogEverySteps = 1 });
        var losses = new List<double>();
        trainer.Progressed += progress => losses.Add(progress.Loss.Loss);
        for (int step = 0; step < Steps; step++)
            trainer.RunStep();
        return [.. losses];
    }
}
