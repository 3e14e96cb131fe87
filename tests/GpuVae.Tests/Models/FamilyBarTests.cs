using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Evaluation;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Models;

/// <summary>
/// What the model families are worth on MNIST, against the seed article's model with the same latent size, epochs and seed. Minutes of
/// training: only with GPUVAE_NIGHTLY=1. docs/models.md lists what they reached.
/// </summary>
public sealed class FamilyBarTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void ConvolutionsAreTwoNatsBetter()
    {
        const int epochs = 3;
        DataSets mnist = Mnist();
        double dense = Loss(mnist, new VaeOptions(), epochs);
        double convolutional = Loss(mnist, new VaeOptions { Network = NetworkKind.Convolutional }, epochs);
        Report($"negative ELBO after {epochs} epochs: dense {dense:F2}, convolutional {convolutional:F2}");
        Assert.True(convolutional <= dense - 2, $"{convolutional:F2} against {dense:F2} nats");
    }

    [Fact]
    public void FiveImportanceSamplesAreHalfANatMoreLikely()
    {
        const int epochs = 5, images = 1000, samples = 5000;
        DataSets mnist = Mnist();
        ImageSet test = mnist.Test.Select([.. Enumerable.Range(0, images)]);
        using Vae plain = Train(mnist.Train, new VaeOptions(), epochs);
        using Vae weighted = Train(mnist.Train, new VaeOptions { Objective = Objective.Iwae, Samples = 5 }, epochs);
        double ofPlain = NegativeLogLikelihood(plain, samples), ofWeighted = NegativeLogLikelihood(weighted, samples);
        double[] bounds = [.. new[] { 1, 5, 50 }.Select(k => NegativeLogLikelihood(weighted, k)), ofWeighted];
        Report($"−log p(x) of {images} test images, {samples} samples: VAE {ofPlain:F2}, IWAE {ofWeighted:F2}; "
            + $"IWAE with 1, 5, 50 and {samples} samples: {string.Join(", ", bounds.Select(bound => $"{bound:F2}"))}");
        Assert.True(ofWeighted <= ofPlain - 0.5, $"{ofWeighted:F2} against {ofPlain:F2} nats");
        Assert.Equal(bounds.OrderDescending(), bounds);

        double NegativeLogLikelihood(Vae model, int k) =>
            -ImportanceSampling.LogLikelihoods(model, test, k, seed: 1, cancellation: Cancellation).Average();
    }

    [Fact]
    public void APriorOfLearnedImagesIsOneNatBetter()
    {
        const int epochs = 5;
        DataSets mnist = Mnist();
        double normal = Loss(mnist, new VaeOptions(), epochs);
        double vamp = Loss(mnist, new VaeOptions { Prior = Prior.Vamp, PriorComponents = 500 }, epochs);
        Report($"negative ELBO after {epochs} epochs: standard normal {normal:F2}, VampPrior {vamp:F2}");
        Assert.True(vamp <= normal - 1, $"{vamp:F2} against {normal:F2} nats");
    }

    [Fact]
    public void RicherPosteriorsAreNoWorse()
    {
        // Richer posteriors learn more slowly and end better; a falling learning rate takes the noise of single steps out of the
        // comparison.
        const int epochs = 20;
        DataSets mnist = Mnist();
        double diagonal = Loss(mnist, new VaeOptions(), epochs, LearningRateDecay.Cosine);
        double full = Loss(mnist, new VaeOptions { Posterior = Posterior.Full }, epochs, LearningRateDecay.Cosine);
        double flow = Loss(mnist, new VaeOptions { Posterior = Posterior.Flow }, epochs, LearningRateDecay.Cosine);
        Report($"negative ELBO after {epochs} epochs: diagonal {diagonal:F2}, full covariance {full:F2}, flow {flow:F2}");
        Assert.True(full <= diagonal, $"full covariance {full:F2} against {diagonal:F2} nats");
        Assert.True(flow <= diagonal, $"flow {flow:F2} against {diagonal:F2} nats");
    }

    [Fact]
    public void MoreWeightOnTheKlTermGivesLessOfIt()
    {
        DataSets mnist = Mnist();
        double[] terms = [.. new[] { 0.5, 1, 4 }.Select(beta => Term(beta))];
        Report($"KL term with beta 0.5, 1 and 4: {string.Join(", ", terms.Select(term => $"{term:F2}"))}");
        Assert.True(terms[0] > terms[1] && terms[1] > terms[2]);

        double Term(double beta)
        {
            using Vae model = Train(mnist.Train, new VaeOptions { Beta = beta }, epochs: 2);
            return model.Evaluate(mnist.Test).Kl;
        }
    }

    [Fact]
    public void FreeBitsKeepTheirFloorInEveryUnit()
    {
        const double floor = 0.5;
        DataSets mnist = Mnist();
        using Vae model = Train(mnist.Train, new VaeOptions { FreeBits = floor }, epochs: 5);
        float[] means = new float[mnist.Test.Count * model.Options.Latent], logVariances = new float[means.Length];
        model.Encode(PictureInput.Rows(mnist.Test), means, logVariances);
        double least = LatentUnits.Of(means, logVariances, model.Options.Latent).Kl.Min();
        Report($"least KL of a unit with {floor} free nats: {least:F3}");
        // The floor holds for the mean over a training batch; the test set's mean may lie a little below.
        Assert.InRange(least, 0.9 * floor, double.PositiveInfinity);
    }

    private static DataSets Mnist()
    {
        Nightly.Require("trains for minutes");
        return OutsideFiles.Mnist();
    }

    /// <summary>The negative evidence lower bound on the test set after training, nats per image.</summary>
    private double Loss(DataSets sets, VaeOptions options, int epochs, LearningRateDecay decay = LearningRateDecay.Constant)
    {
        using Vae model = Train(sets.Train, options, epochs, decay);
        return model.Evaluate(sets.Test).Loss;
    }

    private Vae Train(ImageSet images, VaeOptions options, int epochs, LearningRateDecay decay = LearningRateDecay.Constant)
    {
        var model = new Vae(cpu.Device, options);
        model.StartFrom(images, seed: 1);
        using var trainer = new Trainer(model, images, new TrainingOptions { Epochs = epochs, Decay = decay });
        trainer.Run(Cancellation);
        return model;
    }

    private static void Report(string line) => TestContext.Current.SendDiagnosticMessage(line);
}
