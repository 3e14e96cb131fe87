using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Scheduling;
using GpuVae.Tests.Models;
using GpuVae.Training;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Tests.Applications;

/// <summary>The search for codes under every prior, with and without labels.</summary>
public sealed class LatentSearchTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private const int Rows = 3;

    private static readonly VaeOptions Small = new()
    {
        Shape = new(3, 2),
        Hidden = [4],
        Latent = 3,
        Activation = ActivationKind.Tanh,
        PriorComponents = 4,
    };

    private static readonly Dictionary<string, VaeOptions> OptionsOf = new()
    {
        ["normal"] = Small,
        ["conditional"] = Small with { Classes = 3 },
        ["mixture"] = Small with { Prior = Prior.Mixture },
        ["vamp"] = Small with { Prior = Prior.Vamp, Hidden = [] },
        ["vamp, conditional, full covariance"] = Small with { Prior = Prior.Vamp, Posterior = Posterior.Full, Classes = 3 },
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Families => [.. OptionsOf.Keys];

    /// <summary>A short step downhill shows the gradient that it follows.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void EnergyAndItsGradientAreThoseOfTheReference(string family)
    {
        const float variance = 0.01f, firstStep = 0.5f;
        VaeOptions options = OptionsOf[family];
        int[] labels = options.Classes > 0 ? [2, 0, 1] : [];
        ImageSet images = TestImages.Random(Rows, options.Shape);
        using var model = new Vae(cpu.Device, options, seed: 5);
        var at = model.Parameters.Parameters.ToDictionary(
            parameter => parameter.Name, parameter => model.Parameters.Read(parameter).Select(value => (double)value).ToArray());
        var reference = new ReferenceFamily(options, TestImages.AsDoubles(images.Pixels), labels, []);
        float[] codes = [.. Enumerable.Range(0, Rows * options.Latent).Select(i =>
            Philox.NormalAt(8, RandomPurpose.Evaluation, 0, i / options.Latent, i % options.Latent))];

        using var seen = new Seen(model, PictureInput.Rows(images), share: 1);
        using LatentSearch search = seen.Search(Rows);
        search.Start(codes, [.. Enumerable.Repeat(variance, codes.Length)], labels, firstRow: 0);
        search.Run(1, temperature: 0, adapts: false);
        (float Energy, float Taken)[] start = search.ReadState();
        search.Run(1, temperature: 0, adapts: false);
        float[] moved = new float[codes.Length];
        search.ReadCodes(moved);
        for (int row = 0; row < Rows; row++)
        {
            int first = row * options.Latent;
            double[] z = [.. codes.AsSpan(first, options.Latent).ToArray().Select(value => (double)value)];
            double Energy() => reference.Reconstruction(at, row, z) - reference.LogPrior(at, z);
            Assert.Equal(Energy(), start[row].Energy, 2e-5);
            for (int l = 0; l < z.Length; l++)
            {
                const double h = 1e-5;
                double kept = z[l];
                z[l] = kept + h;
                double above = Energy();
                z[l] = kept - h;
                double slope = (above - Energy()) / (2 * h);
                z[l] = kept;
                // The step is a difference of floats near 1.
                Assert.Equal(slope, (codes[first + l] - moved[first + l]) / (0.5 * firstStep * variance), 1e-3);
            }
        }
    }

    [Fact]
    public void WithNothingSeenChainsAreDrawnFromTheMixture()
    {
        using var model = new Vae(cpu.Device, Small with { Prior = Prior.Mixture, PriorComponents = 2, Latent = 1 });
        model.Parameters.Write(model.Parameters["prior.means"], [-1, 1]);
        model.Parameters.Write(model.Parameters["prior.log_variances"], [MathF.Log(0.25f), 0]);
        model.Parameters.Write(model.Parameters["prior.weights"], [0, MathF.Log(3)]);
        const int rows = 4000;
        using var seen = new Seen(model, new float[rows * 6], share: 0);
        using LatentSearch search = seen.Search(rows);
        search.Start(new float[rows], [.. Enumerable.Repeat(1f, rows)], [], firstRow: 0);
        search.Run(100, temperature: 1, adapts: true);
        search.Run(100, temperature: 1, adapts: false);
        float[] codes = new float[rows];
        search.ReadCodes(codes);
        // Of p = N(-1, 1/4)/4 + 3·N(1, 1)/4: E z = 1/2, E z² = 1.25/4 + 3·2/4; three to five standard errors of 4000 independent draws.
        Assert.Equal(0.5, codes.Average(), 0.09);
        Assert.Equal(1.8125, codes.Average(z => z * (double)z), 0.18);
    }

    [Theory]
    [InlineData(Prior.Mixture, false)]
    [InlineData(Prior.Vamp, true)]
    public void ATrainedModelCompletesAndEnlarges(Prior prior, bool isConditional)
    {
        ImageSet train = SyntheticDigits.Create(3000, seed: 1), test = SyntheticDigits.Create(48, seed: 2);
        var options = new VaeOptions
        {
            Hidden = [256, 128],
            Latent = 12,
            Prior = prior,
            PriorComponents = 20,
            Classes = isConditional ? train.LabelNames!.Length : 0,
        };
        using var model = new Vae(cpu.Device, options);
        model.StartFrom(train, seed: 1);
        using (var trainer = new Trainer(model, train, new TrainingOptions { Epochs = 12, BatchSize = 50, LearningRate = 3e-3 }))
            trainer.Run(Cancellation);
        var lower = Mask.Half(28, 28, ImageHalf.Lower);
        int[] labels = isConditional ? test.Labels! : [];
        float[] images = PictureInput.Rows(test), mean = new float[784];
        for (int i = 0; i < train.Pixels.Length; i++)
            mean[i % 784] += train.Pixels[i] / (255f * train.Count);
        double meanFill = Error(i => mean[i % 784]);

        float[] completed = Inpainting.Complete(model, images, lower, labels: labels);
        Assert.InRange(Error(i => completed[i]), 0, 0.8 * meanFill);
        const int samples = 3;
        float[] drawn = Inpainting.Sample(model, images, lower, samples, labels: labels);
        Assert.InRange(
            Error(i => Enumerable.Range(0, samples).Average(k => drawn[(i / 784 * samples + k) * 784 + i % 784])), 0, 0.8 * meanFill);
        (double enlarged, double bicubic) = Enlarged(labels);
        Assert.True(enlarged < 0.8 * bicubic, $"{enlarged:F4} against {bicubic:F4} of bicubic");
        if (!isConditional)
            return;

        // Without labels the model finds out itself, from what is seen alone.
        float[] guessed = Inpainting.Complete(model, images, lower);
        Assert.InRange(Error(i => guessed[i]), 0, 0.9 * meanFill);
        Assert.Equal(guessed, Inpainting.Complete(model, lower.Show(images, options.Shape), lower));
        Assert.True(Enlarged([]).Model < 0.8 * bicubic);
        // Told another label it completes to another picture.
        int[] others = [.. labels.Select(label => (label + 1) % options.Classes)];
        float[] misled = Inpainting.Complete(model, images, lower, labels: others);
        Assert.True(Error(i => misled[i]) > 1.3 * Error(i => completed[i]));
        Assert.Contains(
            "needs a label for each of 48 images", Assert.Throws<BadInputException>(
                () => Inpainting.Complete(model, images, lower, labels: [1])).Message, StringComparison.Ordinal);

        double Error(Func<int, float> pixel) => Enumerable.Range(0, images.Length).Where(i => i % 784 >= 14 * 28)
            .Average(i => Math.Pow(pixel(i) - images[i], 2));

        (double Model, double Bicubic) Enlarged(int[] known)
        {
            float[] small = Enlargement.Reduce(images, options.Shape, 4);
            double Of(float[] large) => large.Zip(images, (a, b) => (a - b) * (double)(a - b)).Average();
            return (
                Of(Upscaling.Enlarge(model, small, 4, labels: known)),
                Of(Enlargement.Bicubic(small, Upscaling.SmallShape(options.Shape, 4), 4)));
        }
    }

    [Fact]
    public void LabelsForAModelWithoutThemAreRefused()
    {
        using var model = new Vae(cpu.Device, Small with { Shape = new(4, 4) });
        Assert.Contains(
            "takes none", Assert.Throws<BadInputException>(() => Upscaling.Enlarge(model, new float[4], 2, labels: [0])).Message,
            StringComparison.Ordinal);
    }

    /// <summary>It encodes the small image and searches for nothing.</summary>
    [Fact]
    public void AConditionalModelTrainedToEnlargeIsToldALabelOrGuesses()
    {
        using var model = new Vae(cpu.Device, Small with { Shape = new(4, 4), Classes = 3, Upscale = 2 });
        float[] small = [.. TestImages.Random(1, new(4, 2)).Pixels.Select(pixel => pixel / 255f)];
        float[][] told = [.. Enumerable.Range(0, 3).Select(label => Upscaling.Enlarge(model, small, 2, labels: [label, label]))];
        Assert.NotEqual(told[0], told[1]);
        float[] guessed = Upscaling.Enlarge(model, small, 2);
        foreach (int image in (int[])[0, 1])
            Assert.Contains(told, of => of.AsSpan(16 * image, 16).SequenceEqual(guessed.AsSpan(16 * image, 16)));
    }

    /// <summary>Images of which all pixels are seen, or none.</summary>
    private sealed class Seen : IDisposable
    {
        private readonly Vae model;
        private readonly MemoryBuffer1D<float, Stride1D.Dense> images, share;

        public Seen(Vae model, float[] images, float share)
        {
            this.model = model;
            this.images = model.Device.Accelerator.Allocate1D(images);
            this.share = model.Device.Accelerator.Allocate1D<float>([.. Enumerable.Repeat(share, model.Options.Shape.Pixels)]);
        }

        public LatentSearch Search(int rows) => new(model, rows, Observe, seed: 3);

        public void Dispose()
        {
            images.Dispose();
            share.Dispose();
        }

        private (PlannedTensor Loss, PlannedTensor Gradient) Observe(LayerContext context, PlannedTensor decoded)
        {
            LikelihoodKernels likelihood = model.Parts.Likelihood.Kernels;
            PlannedTensor loss = context.Builder.Tensor("loss", decoded.Rows, 1);
            context.Builder.Add("loss", 0, 0, [decoded, loss], stream => likelihood.DifferentiateSeen(
                stream, decoded.View, images.View, share.View, default, loss.View, model.Parts.Likelihood.Layout, 1));
            return (loss, decoded);
        }
    }
}
