using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Kernels.Random;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Onnx;
using GpuVae.Options;
using GpuVae.Training;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Tests.Models;

/// <summary>Models with parts of the caller's own.</summary>
public sealed class OwnPartsTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 4, 3), Hidden = [6], Latent = 2, Activation = ActivationKind.Tanh };

    private ImageSet Images => TestImages.Random(6, Small.Shape);

    [Fact]
    public void TheBuiltInLikelihoodGivenAsOnesOwnTrainsToTheSameBits()
    {
        using var own = new Vae(cpu.Device, Small, likelihood: PixelLikelihood.Of(default(BernoulliLikelihood), isDensity: false));
        using var builtIn = new Vae(cpu.Device, Small);
        Assert.Equal(Trained(builtIn), Trained(own));
        Assert.Contains("BernoulliLikelihood", own.Options.Own!.Likelihood);
    }

    [Fact]
    public void TheBuiltInLayersGivenAsOnesOwnTrainToTheSameBits()
    {
        using var own = new Vae(
            cpu.Device, Small, encoder: [LayerSpec.Linear(6, ActivationKind.Tanh)], decoder: [LayerSpec.Linear(6, ActivationKind.Tanh)]);
        using var builtIn = new Vae(cpu.Device, Small);
        Assert.Equal(Trained(builtIn), Trained(own));
    }

    [Fact]
    public void TheStandardNormalGivenAsOnesOwnPriorHasTheLossOfSamples()
    {
        using var own = new Vae(cpu.Device, Small, prior: CodePrior.Of(default(Normal)));
        using var builtIn = new Vae(cpu.Device, Small);
        ElboParts a = own.Evaluate(Images, samples: 2), b = builtIn.Evaluate(Images, samples: 2);
        Assert.Equal(1, a.Kl / b.Kl, 1e-5);
        Assert.Equal(a.Reconstruction, b.Reconstruction);
        Assert.Equal(own.SamplePrior(3, seed: 4).AsSpan(0, 4).ToArray(), own.SamplePrior(2, seed: 4));
    }

    public static TheoryData<string> Kinds => ["likelihood", "family", "shared", "prior", "activation", "layers", "images", "conditional"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryGradientOfAModelWithPartsOfItsOwnAgrees(string kind)
    {
        using Vae model = Make(kind);
        GradientDifference worst = GradientCheck.Model(model, Labelled(model));
        Assert.True(worst.RelativeError < 0.02, $"{kind}: {worst}");
        model.Reconstruct(TestImages.AsDoubles(Images.Pixels).Select(value => (float)value).ToArray(), new float[6 * 48], Labels(model));
    }

    [Fact]
    public void AWrongDerivativeIsFound()
    {
        Assert.True(GradientCheck.Likelihood(default(Wrong)).RelativeError > 0.1);
        Assert.True(GradientCheck.Likelihood(default(BernoulliLikelihood)).RelativeError < 1e-3);
        Assert.True(GradientCheck.Family<LaplaceFamily>().RelativeError is > 0 and < 1);
        Assert.True(GradientCheck.Function<Gelu>().RelativeError < 1e-3);
        Assert.True(GradientCheck.Prior(default(Normal)).RelativeError < 1e-3);
        Assert.True(GradientCheck.Layer(cpu.Device, new Doubled(cpu.Device.Accelerator, 5, factor: 2)).RelativeError < 1e-3);
        Assert.True(GradientCheck.Layer(cpu.Device, new Doubled(cpu.Device.Accelerator, 5, factor: 3)).RelativeError > 0.1);
        using var model = new Vae(cpu.Device, Small, likelihood: PixelLikelihood.Of(default(Wrong)));
        Assert.True(GradientCheck.Model(model, Images).RelativeError > 0.1);
    }

    [Fact]
    public void AModelWithPartsOfItsOwnGoesThroughAFileAndACheckpoint()
    {
        string folder = Directory.CreateTempSubdirectory("own").FullName;
        using Vae model = Make("layers");
        model.Save(folder);
        string advice = Assert.Throws<BadInputException>(() => Vae.Load(cpu.Device, folder)).Message;
        Assert.Contains("encoder: linear 6", advice);
        Assert.Contains("LoadWeights", advice);
        using Vae again = Make("layers");
        again.Parameters.Write(again.Parameters.Parameters[0], new float[again.Parameters.Parameters[0].Length]);
        again.LoadWeights(Path.Combine(folder, "model.safetensors"));
        Assert.Equal(model.Generate(2, seed: 1), again.Generate(2, seed: 1));
        using Vae other = Make("images");
        Assert.Throws<BadInputException>(() => other.LoadWeights(Path.Combine(folder, "model.safetensors")));
        Assert.Contains("cannot be exported", Assert.Throws<BadInputException>(() => model.ExportOnnx(folder)).Message);

        var options = new TrainingOptions { Epochs = 2, BatchSize = 3 };
        string checkpoint = Path.Combine(folder, "checkpoint");
        using (var trainer = new Trainer(model, Images, options))
        {
            trainer.RunStep();
            trainer.Save(checkpoint);
            trainer.Run();
        }
        using var resumed = Trainer.Resume(
            cpu.Device, TrainingCheckpoint.Read(checkpoint), Images,
            make: (saved, seed) => new Vae(cpu.Device, saved, seed, encoder: Layers, decoder: [LayerSpec.Linear(6)]));
        resumed.Run();
        Assert.Equal(model.Generate(2, seed: 1), resumed.Model.Generate(2, seed: 1));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void WhatDoesNotFitIsRefusedWithWhatWould()
    {
        Assert.Contains("Unflatten", Refusal([], [LayerSpec.Upsampling()]));
        Assert.Contains("no whole number of channels", Refusal([], [LayerSpec.Linear(5), LayerSpec.Unflatten(2, 2)]));
        Assert.Contains("those of the model are 4×4×3", Refusal([], [LayerSpec.Linear(8), LayerSpec.Unflatten(2, 2)]));
        Assert.Contains("48 columns go in", Refusal([LayerSpec.Custom(new Doubled(cpu.Device.Accelerator, 5, 2))], []));
        Assert.Contains("odd kernel", Refusal([LayerSpec.Convolution(4, kernel: 4)], []));

        string Refusal(LayerSpec[] encoder, LayerSpec[] decoder) =>
            Assert.Throws<BadInputException>(() => new Vae(cpu.Device, Small, encoder: encoder, decoder: decoder)).Message;
    }

    private IReadOnlyList<LayerSpec> Layers =>
    [
        LayerSpec.Linear(6, ActivationKind.Tanh), LayerSpec.Custom(new Doubled(cpu.Device.Accelerator, 6, 2)),
        LayerSpec.Linear(5, ActivationKind.Gelu),
    ];

    private Vae Make(string kind) => kind switch
    {
        "likelihood" => new(cpu.Device, Small, likelihood: PixelLikelihood.Of(new GaussianLikelihood(0.3f))),
        "family" => new(cpu.Device, Small, likelihood: PixelLikelihood.OfPixelScale<GaussianFamily>()),
        "shared" => new(cpu.Device, Small, likelihood: PixelLikelihood.OfSharedScale<GaussianFamily>(-1)),
        "prior" => new(cpu.Device, Small, prior: CodePrior.Of(default(Normal))),
        "activation" => new(cpu.Device, Small, activation: Activation.Of<Softsign>()),
        "layers" => new(cpu.Device, Small, encoder: Layers, decoder: [LayerSpec.Linear(6)]),
        _ => new(
            cpu.Device, kind == "conditional" ? Small with { Classes = 3 } : Small,
            encoder:
            [
                LayerSpec.Convolution(4, 4, 2, ActivationKind.Tanh), LayerSpec.GroupNorm(ActivationKind.Silu),
                LayerSpec.Custom(new Doubled(cpu.Device.Accelerator, 16, 2)), LayerSpec.Residual(ActivationKind.Tanh),
            ],
            decoder:
            [
                LayerSpec.Linear(8, ActivationKind.Silu), LayerSpec.Unflatten(2, 2), LayerSpec.Upsampling(),
                LayerSpec.Convolution(3, activation: ActivationKind.Tanh),
            ]),
    };

    private ImageSet Labelled(Vae model) => model.Options.Classes == 0
        ? Images
        : new ImageSet("labelled", 4, 4, 3, Images.Pixels, Labels(model));

    private static int[] Labels(Vae model) => model.Options.Classes == 0 ? [] : [0, 1, 2, 0, 1, 2];

    private float[] Trained(Vae model)
    {
        using var trainer = new Trainer(model, Images, new TrainingOptions { Epochs = 2, BatchSize = 3 });
        trainer.Run();
        return [.. model.Parameters.Parameters.SelectMany(model.Parameters.Read)];
    }

    public readonly struct Normal : ICodeDensity
    {
        public CodeDensityTerm Of(float z) => new(-0.5f * z * z - 0.9189385f, -z);

        public float Sample(PhiloxBlock noise) => Philox.Normal(noise);
    }

    public readonly struct Softsign : IActivation
    {
        public static bool DerivativeFromOutput => false;

        public static float Apply(float x) => x / (1f + (x < 0f ? -x : x));

        public static float Derivative(float saved)
        {
            float d = 1f + (saved < 0f ? -saved : saved);
            return 1f / (d * d);
        }
    }

    /// <summary>A Gaussian that forgets the factor of its derivative.</summary>
    public readonly struct Wrong : ILikelihood
    {
        public LikelihoodTerm Of(float y, float x) => new(2f * (y - x) * (y - x), y - x);

        public float Mean(float y) => y;

        public float MeanDerivative(float y) => 1f;

        public float Sample(float y, PhiloxBlock noise) => y;
    }

    /// <summary>y = 2·w·x; right with a factor of 2 on the way back.</summary>
    private sealed class Doubled(Accelerator accelerator, int columns, float factor) : CustomLayer(columns, columns, columns)
    {
        private readonly Action<AcceleratorStream, Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, float> scale =
            accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, float>(OwnKernels.Scale);
        private readonly Action<AcceleratorStream, Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, float> sum =
            accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, float>(OwnKernels.Sum);

        public override void Forward(AcceleratorStream stream, ArrayView<float> x, ArrayView<float> w, ArrayView<float> y) =>
            scale(stream, x.IntExtent, x, w, y, 2);

        public override void Backward(
            AcceleratorStream stream, ArrayView<float> x, ArrayView<float> w, ArrayView<float> dy, ArrayView<float> dx,
            ArrayView<float> dw)
        {
            scale(stream, x.IntExtent, dy, w, dx, factor);
            if (dw.Length > 0)
                sum(stream, w.IntExtent, x, dy, dw, factor);
        }
    }
}

/// <summary>Kernels of a layer.</summary>
public static class OwnKernels
{
    public static void Scale(Index1D i, ArrayView<float> x, ArrayView<float> w, ArrayView<float> y, float factor) =>
        y[i] = factor * w[i % w.IntExtent] * x[i];

    public static void Sum(Index1D column, ArrayView<float> x, ArrayView<float> dy, ArrayView<float> dw, float factor)
    {
        float sum = 0f;
        for (int i = column; i < x.IntExtent; i += dw.IntExtent)
            sum += x[i] * dy[i];
        dw[column] = factor * sum;
    }
}
