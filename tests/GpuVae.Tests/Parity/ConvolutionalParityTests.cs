using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Formats;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Parity;

/// <summary>
/// Convolutional models in PyTorch against ours on every device of the machine: same weights, batch and noise; see
/// make_convolutional_parity.py beside this file.
/// </summary>
public sealed class ConvolutionalParityTests
{
    // Normalisation over a few values divides by what may be small, and both sides round.
    private const double Tolerance = 2e-5;
    private const int Batch = 9, Latent = 6;
    private const ulong Seed = 7;

    private static readonly Dictionary<string, VaeOptions> OptionsOf = new()
    {
        ["plain"] = new()
        {
            Shape = new(10, 12, 3),
            Network = NetworkKind.Convolutional,
            ChannelsPerStage = [6, 7],
            Hidden = [11],
            Latent = Latent,
        },
        ["rich"] = new()
        {
            Shape = new(7, 9),
            Network = NetworkKind.Convolutional,
            ChannelsPerStage = [12, 12],
            Hidden = [11],
            Latent = Latent,
            Activation = ActivationKind.Silu,
            ResidualBlocks = 1,
            GroupNorm = true,
            Upsampling = UpsamplingKind.Nearest,
        },
    };

    public static IEnumerable<TheoryDataRow<string, string>> Rows() =>
        from device in ComputeDevice.List()
        from model in OptionsOf.Keys
        select new TheoryDataRow<string, string>(device.Name, model);

    [Theory]
    [MemberData(nameof(Rows))]
    public void LossAndGradientsAgree(string deviceName, string name)
    {
        using var device = ComputeDevice.Open(deviceName);
        var file = SafetensorsFile.Read(Path.Combine(AppContext.BaseDirectory, "Parity", "convolutional_vae.safetensors"));
        using var model = new Vae(device, OptionsOf[name]);
        foreach (Parameter parameter in model.Parameters.Parameters)
            model.Parameters.Write(parameter, file.Get($"{name}.{parameter.Name}", [.. parameter.Shape]).Data);
        int gradients = file.Tensors.Count(tensor => tensor.Name.StartsWith($"{name}.grad.", StringComparison.Ordinal));
        Assert.Equal(gradients, model.Parameters.Parameters.Count);

        using var trainer = new Trainer(
            model, Images(file, name), new TrainingOptions { BatchSize = Batch, Epochs = 1, Seed = Seed, LogEverySteps = 1 });
        TrainingProgress? progress = null;
        trainer.Progressed += report => progress = report;
        trainer.RunStep();
        float[] parts = file.Get($"{name}.parts", 2).Data;
        Compare("reconstruction term", [(float)progress!.Loss.Reconstruction], [parts[0]]);
        Compare("KL term", [(float)progress.Loss.Kl], [parts[1]]);
        foreach (Parameter parameter in model.Parameters.Parameters)
        {
            float[] gradient = model.Parameters.Read(parameter, trainer.State.Gradients);
            Compare("gradient of " + parameter.Name, gradient, file.Get($"{name}.grad.{parameter.Name}", [.. parameter.Shape]).Data);
        }
    }

    /// <summary>The script's batch, arranged so that the shuffle of the first epoch deals it out in the script's order.</summary>
    private static ImageSet Images(SafetensorsFile file, string name)
    {
        ImageShape shape = OptionsOf[name].Shape;
        byte[] batch = [.. file.Get($"{name}.x", Batch, shape.Pixels).Data.Select(value => (byte)MathF.Round(value * 255))];
        int[] order = new int[Batch];
        EpochOrder.Fill(order, Seed, 0);
        byte[] arranged = new byte[batch.Length];
        for (int i = 0; i < order.Length; i++)
            batch.AsSpan(i * shape.Pixels, shape.Pixels).CopyTo(arranged.AsSpan(order[i] * shape.Pixels));
        return new ImageSet("the script's batch", shape.Width, shape.Height, shape.Channels, arranged);
    }

    private static void Compare(string what, float[] actual, float[] expected)
    {
        double error = Norms.RelativeError(actual, expected);
        Assert.True(error <= Tolerance, $"{what}: relative error {error:e1}");
    }
}
