using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Kernels.Training;
using GpuVae.Models;

namespace GpuVae.Evaluation;

/// <summary>Measures a model on a set of images.</summary>
public static class ModelEvaluation
{
    /// <param name="model">The model.</param>
    /// <param name="images">Of its shape.</param>
    /// <param name="options">What to measure, and how.</param>
    /// <param name="features">In which samples and reconstructions are compared with the images; null for not at all.</param>
    /// <param name="codePrior">
    /// Where the model's codes are discrete: what those of the samples are drawn from, and what makes a bound of the reconstruction term,
    /// unless pixels are binarised or the labels that it is told are missing.
    /// </param>
    /// <param name="progress">Told the share of the importance sampling that is done, then of the features; these take long.</param>
    /// <param name="cancellation">Asks to stop before the next batch.</param>
    /// <exception cref="BadInputException">
    /// An option is out of range, the images are not of the model's shape, or their factors are wanted and not known.
    /// </exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static EvaluationReport Run(
        Vae model, ImageSet images, EvaluationOptions? options = null, IImageFeatures? features = null,
        GridPrior? codePrior = null, Action<double>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new EvaluationOptions();
        options.Validate();
        images = model.Require(images);
        EvaluationMetrics metrics = options.Metrics;
        if (model.Options.IsQuantized && (metrics & (EvaluationMetrics.Nll | EvaluationMetrics.Mig)) != 0)
            throw new BadInputException(
                "This model's codes are discrete: it has no q(z|x) to draw from for nll, and no latent units for mig. Leave both out.");
        if (model.Options.HasNoNoise)
        {
            if (metrics.HasFlag(EvaluationMetrics.Nll))
                throw new BadInputException("This model's codes have no noise, so there is no q(z|x) to draw from for nll. Leave it out.");
            metrics &= ~EvaluationMetrics.Units;
        }
        if (metrics.HasFlag(EvaluationMetrics.Mig) && images.Factors.Count == 0)
            throw new BadInputException(
                $"{images.Name} has no known factors, which the mutual information gap needs. Use a built-in set, put the images into "
                + $"subfolders by label, write an {AttributesFile.FileName} beside them, or leave mig out.");
        using DeviceGate.Scope scope = model.Device.Enter("ModelEvaluation.Run");
        var report = new EvaluationReport(
            new EvaluationProtocol(
                images.Name, options.Split, images.Count, options.Binarization, options.Seed, model.Device.Name));
        if (metrics.HasFlag(EvaluationMetrics.Elbo))
        {
            using var evaluator = new Evaluator(model, images, options.Seed, options.Binarization);
            ElboParts parts = evaluator.Run(cancellation);
            report = report with
            {
                Parts = parts,
                Codes = evaluator.CodeUse,
                TopCodes = evaluator.TopCodeUse,
                LevelKl = evaluator.LevelKl,
            };
            if (!model.Options.HasNoNoise)
                report = report with { Elbo = Stamp(model, -(parts.Reconstruction + parts.Kl), 1) };
            else if (codePrior is not null && options.Binarization == Binarization.None
                && (codePrior.Options.Classes == 0 || images.Labels is not null))
            {
                // q(z|x) is certain of its codes, so that −ln p(z) is their divergence from the prior.
                double codes = codePrior.Evaluate(images, cancellation);
                report = report with { Elbo = Stamp(model, -(parts.Reconstruction + codes), 1) };
            }
        }
        if ((metrics & (EvaluationMetrics.Units | EvaluationMetrics.Reconstruction | EvaluationMetrics.Mig)) != 0)
            report = WithCodes(report, model, images, options with { Metrics = metrics }, cancellation);
        if (metrics.HasFlag(EvaluationMetrics.Nll))
        {
            double[] estimates = ImportanceSampling.LogLikelihoods(
                model, images, options.Samples, options.Binarization, options.Seed, done => progress?.Invoke((double)done / images.Count),
                cancellation);
            double mean = estimates.Average();
            double deviation = Math.Sqrt(estimates.Sum(value => (value - mean) * (value - mean)) / Math.Max(estimates.Length - 1, 1));
            report = report with
            {
                ImportanceSampled = Stamp(model, mean, options.Samples) with { StandardError = deviation / Math.Sqrt(estimates.Length) },
            };
        }
        return features is null
            ? report
            : report with
            {
                Distance = DistributionDistance.Measure(model, codePrior, images, features, options, progress, cancellation),
            };
    }

    /// <summary>What the moments of q(z|x) and the reconstructions from its means tell.</summary>
    private static EvaluationReport WithCodes(
        EvaluationReport report, Vae model, ImageSet images, EvaluationOptions options, CancellationToken cancellation)
    {
        EvaluationMetrics metrics = options.Metrics;
        int latent = model.Options.Latent;
        Accelerator accelerator = model.Device.Accelerator;
        using var batches = new EvaluationImages(model, images, options.Binarization, options.Seed);
        using MemoryBuffer1D<float, Stride1D.Dense> moments = accelerator.Allocate1D<float>(2L * latent * images.Count);
        using MemoryBuffer1D<float, Stride1D.Dense> reconstructions = accelerator.Allocate1D<float>(batches.Block.Length);
        using var quality = new ImageQualitySum(model.Device, model.Options.Shape, images.Count);
        batches.ForEach((first, count, x) =>
        {
            model.Encode(x, moments.View.BaseView.SubView(2L * latent * first, 2L * latent * count), batches.Labels(first, count));
            if (!metrics.HasFlag(EvaluationMetrics.Reconstruction))
                return;
            ArrayView<float> y = reconstructions.View.BaseView.SubView(0, x.Length);
            model.Reconstruct(x, y, batches.Labels(first, count));
            quality.Add(x, y, count);
        }, cancellation);
        float[] rows = moments.View.BaseView.GetAsArray(model.Device.Stream);
        if (metrics.HasFlag(EvaluationMetrics.Units))
            report = report with { Units = LatentUnits.Of(rows, latent) };
        if (metrics.HasFlag(EvaluationMetrics.Reconstruction))
            report = report with { Reconstruction = quality.Mean() };
        return metrics.HasFlag(EvaluationMetrics.Mig)
            ? report with { Mig = MutualInformationGap.Of(Means(rows, latent), latent, images.Factors, cancellation) }
            : report;
    }

    private static float[] Means(float[] moments, int latent) => [.. moments.Where((_, i) => i % (2 * latent) < latent)];

    private static LogLikelihood Stamp(Vae model, double nats, int k) =>
        new(nats, model.BitsPerDimension(-nats), k);
}
