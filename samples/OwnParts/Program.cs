// Models with parts of your own: a likelihood, an activation, a prior, a layer, and whole networks. The derivatives of each are compared
// with finite differences before anything is trained with it.
//
//     dotnet run -c Release --project samples/OwnParts
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;
using OwnParts;

using var device = ComputeDevice.Open("auto");
ImageSet digits = SyntheticDigits.Create(1_000, seed: 1);
bool isRight = true;
Check("likelihood", GradientCheck.Likelihood(new StudentT(0.1f)));
Check("activation", GradientCheck.Function<SquaredRelu>());
Check("prior", GradientCheck.Prior(new LaplacePrior()));
Check("layer", GradientCheck.Layer(device, new Gate(device.Accelerator, 12)));

var options = new VaeOptions { Hidden = [128], Latent = 8 };
Train("likelihood", new Vae(device, options, likelihood: PixelLikelihood.Of(new StudentT(0.1f))));
Train("activation", new Vae(device, options, activation: Activation.Of<SquaredRelu>()));
Train("prior", new Vae(device, options, prior: CodePrior.Of(new LaplacePrior())));
Train("networks", new Vae(
    device, options,
    encoder:
    [
        LayerSpec.Convolution(8, kernel: 4, stride: 2, activation: ActivationKind.Silu),
        LayerSpec.Linear(64, ActivationKind.Silu),
        LayerSpec.Custom(new Gate(device.Accelerator, 64)),
    ],
    decoder:
    [
        LayerSpec.Linear(14 * 14 * 4, ActivationKind.Silu),
        LayerSpec.Unflatten(14, 14),
        LayerSpec.Upsampling(),
    ]));
return isRight ? 0 : 1;

void Check(string part, GradientDifference worst)
{
    Console.WriteLine($"{part}: derivatives off by {worst.RelativeError:E1} at most, at {worst.Where}");
    isRight &= worst.RelativeError < 0.01;
}

void Train(string part, Vae model)
{
    using Vae own = model;
    using var trainer = new Trainer(own, digits, new TrainingOptions { Epochs = 2, BatchSize = 50 });
    trainer.Run();
    Console.WriteLine($"{part} of its own: {trainer.History[^1].TrainLoss:F1} nats per image after 2 epochs");
    isRight &= own.Generate(4, seed: 1).All(float.IsFinite);
}
