using GpuVae.Evaluation;

namespace GpuVae.Cli;

/// <summary>
/// A training as TensorBoard shows it: losses of steps and epochs, pictures, and what each latent unit tells, in the run's folder.
/// </summary>
internal sealed class TensorBoardLog
{
    private readonly EventFile file;

    public TensorBoardLog(RunFolder folder, Trainer trainer)
    {
        // One file for each time that the run is gone on with.
        file = new EventFile(Path.Combine(folder.Path, $"events.out.tfevents.{trainer.Step:D10}.gpuvae"));
        trainer.Progressed += progress => file.Write(progress.Step,
        [
            ("step/loss", progress.Loss.Loss), ("step/reconstruction", progress.Loss.Reconstruction), ("step/kl", progress.Loss.Kl),
            ("step/learning_rate", progress.LearningRate), ("step/images_per_second", progress.ImagesPerSecond),
            .. progress.Adversarial is not { } parts
                ? []
                : ((string, double)[])
                [
                    ("step/discriminator_loss", parts.DiscriminatorLoss), ("step/generator_loss", parts.GeneratorLoss),
                    ("step/adversarial_weight", parts.Weight),
                ],
            .. progress.FeatureDistance is { } distance ? ((string, double)[])[("step/feature_distance", distance)] : [],
        ]);
    }

    /// <summary>What the latent units do on some images; null where codes have no distribution.</summary>
    public static LatentUnits? Units(Vae model, ImageSet images)
    {
        if (model.Options.Quantization != Quantization.None || model.Options.Objective == Objective.Rae)
            return null;
        int latent = model.Options.Latent;
        float[] means = new float[images.Count * latent], logVariances = new float[means.Length];
        model.Encode(PictureInput.Rows(images), means, logVariances, model.LabelsOf(images, 0, images.Count));
        return LatentUnits.Of(means, logVariances, latent);
    }

    /// <summary>Appends an epoch.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Add(long step, MetricsLine? epoch, byte[]? samples, byte[] reconstructions, LatentUnits? units)
    {
        (string, double?)[] losses = epoch is null
            ? [("units/active", units?.Active)]
            :
            [
                ("epoch/train_loss", epoch.TrainLoss), ("epoch/test_loss", epoch.TestLoss),
                ("epoch/test_reconstruction", epoch.TestRecon), ("epoch/test_kl", epoch.TestKl),
                ("epoch/codes_used", epoch.CodesUsed), ("epoch/perplexity", epoch.Perplexity),
                ("epoch/top_codes_used", epoch.TopCodesUsed), ("epoch/top_perplexity", epoch.TopPerplexity),
                ("epoch/discriminator_loss", epoch.DiscriminatorLoss), ("epoch/generator_loss", epoch.GeneratorLoss),
                ("epoch/adversarial_weight", epoch.AdversarialWeight), ("epoch/feature_distance", epoch.FeatureDistance),
                ("units/active", units?.Active),
                .. (epoch.LevelKl ?? []).Select((kl, level) => ($"epoch/test_kl_of_level_{level + 1}", (double?)kl)),
            ];
        file.Write(
            step,
            [
                .. from loss in losses where loss.Item2 is not null select (loss.Item1, loss.Item2!.Value),
            ],
            [.. samples is null ? [] : ((string, byte[])[])[("samples", samples)], ("reconstructions", reconstructions)],
            units is null ? [] : [("units/kl", units.Kl), ("units/mean_variance", units.MeanVariance)]);
    }
}
