using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Formats;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Parity;

/// <summary>
/// The seed article's model in PyTorch against ours on every device of the machine: same weights, batch and noise; see make_parity.py
/// beside this file.
/// </summary>
public sealed class PyTorchParityTests
{
    private const double Tolerance = 1e-5;
    private const int Steps = 3, Batch = 9, Latent = 6;
    private const ulong Seed = 7;

    private static readonly VaeOptions Options = new() { Shape = new(10, 10), Hidden = [72, 40], Latent = Latent };

    public static TheoryData<string> Devices => [.. ComputeDevice.List().Select(device => device.Name)];

    [Theory]
    [MemberData(nameof(Devices))]
    public void LossGradientsAndThreeAdamStepsAgree(string name)
    {
        using var device = ComputeDevice.Open(name);
        var file = SafetensorsFile.Read(Path.Combine(AppContext.BaseDirectory, "Parity", "seed_vae.safetensors"));
        using var model = new Vae(device, Options);
        foreach (Parameter parameter in model.Parameters.Parameters)
            model.Parameters.Write(parameter, file.Get(parameter.Name, [.. parameter.Shape]).Data);

        using var trainer = new Trainer(
            model, Images(file), new TrainingOptions { BatchSize = Batch, Epochs = 1, Seed = Seed, LogEverySteps = 1 });
        var parts = new List<float>();
        trainer.Progressed += report => parts.AddRange([(float)report.Loss.Reconstruction, (float)report.Loss.Kl]);
        for (int step = 0; step < Steps; step++)
        {
            trainer.RunStep();
            if (step > 0)
                continue;
            foreach (Parameter parameter in model.Parameters.Parameters)
            {
                float[] gradient = model.Parameters.Read(parameter, trainer.State.Gradients);
                Compare("gradient of " + parameter.Name, gradient, file.Get("grad." + parameter.Name, [.. parameter.Shape]).Data);
            }
        }
        float[] expectedParts = file.Get("parts", Steps, 2).Data;
        for (int i = 0; i < expectedParts.Length; i++)
            Compare($"loss part {i}", [parts[i]], [expectedParts[i]]);
        foreach (Parameter parameter in model.Parameters.Parameters)
            Compare(
                parameter.Name + " after Adam", model.Parameters.Read(parameter),
                file.Get("after." + parameter.Name, [.. parameter.Shape]).Data);
    }

    [Fact]
    public void TheNoiseIsThatOfTheScript()
    {
        var file = SafetensorsFile.Read(Path.Combine(AppContext.BaseDirectory, "Parity", "seed_vae.safetensors"));
        for (int step = 0; step < Steps; step++)
        {
            float[] expected = file.Get($"noise.{step}", Batch, Latent).Data;
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], Philox.NormalAt(Seed, RandomPurpose.Latent, step, i / Latent, i % Latent), 2e-6f);
        }
    }

    /// <summary>
    /// The script's batch three times over, arranged so that the shuffle of the first epoch deals it out in the script's order each time.
    /// </summary>
    private static ImageSet Images(SafetensorsFile file)
    {
        int pixels = Options.Shape.Pixels;
        byte[] batch = [.. file.Get("x", Batch, pixels).Data.Select(value => (byte)MathF.Round(value * 255))];
        int[] order = new int[Steps * Batch];
        EpochOrder.Fill(order, Seed, 0);
        byte[] arranged = new byte[order.Length * pixels];
        for (int i = 0; i < order.Length; i++)
            batch.AsSpan(i % Batch * pixels, pixels).CopyTo(arranged.AsSpan(order[i] * pixels));
        return new ImageSet("the script's batch", Options.Shape.Width, Options.Shape.Height, 1, arranged);
    }

    private static void Compare(string what, float[] actual, float[] expected)
    {
        double error = Norms.RelativeError(actual, expected);
        Assert.True(error <= Tolerance, $"{what}: relative error {error:e1}");
    }
}
