using System.Globalization;
using GpuVae.Elbo;

namespace GpuVae.Cli;

/// <summary>Shows a training as it runs.</summary>
internal static class TrainingConsole
{
    /// <summary>Runs <paramref name="train"/> while showing what <paramref name="trainer"/> reports.</summary>
    public static TrainingResult Run(Trainer trainer, Func<TrainingResult> train) => StepConsole.Run(trainer.Step, trainer.Steps, console =>
    {
        var seen = new HashSet<HealthIssue>();
        trainer.Stepped += console.Start;
        trainer.Progressed += progress => console.Show(progress.Step, Line(progress));
        trainer.EpochCompleted += epoch =>
        {
            console.Write(Line(epoch, trainer.Options.Epochs));
            // Each kind of warning once; the report tells how long it lasted.
            foreach (HealthWarning warning in epoch.Warnings.Where(warning => seen.Add(warning.Issue)))
                console.Write($"  warning: {Flags.In(warning.ToString())}");
        };
        return train();
    });

    private static string Line(TrainingProgress p) => string.Create(CultureInfo.InvariantCulture,
        $"epoch {p.Epoch}/{p.Epochs}  {Parts(p.Loss)}  {Parts(p.Adversarial)}{Distance(p.FeatureDistance)}"
        + $"{StepConsole.Pace(p.ImagesPerSecond, p.Remaining)}");

    private static string Line(EpochSummary e, int epochs) => string.Create(CultureInfo.InvariantCulture,
        $"epoch {e.Epoch}/{epochs}  train {e.Train.Loss:F2}  {(e.Test is { } test ? $"test {Parts(test)}  " : "")}"
        + $"{(e.TopCodes is { } top ? $"top {Use(top)}, bottom " : "")}{(e.Codes is { } codes ? $"{Use(codes)}  " : "")}"
        + $"{(e.LevelKl is { } levels ? $"levels {string.Join(" + ", levels.Select(kl => Invariant(kl)))}  " : "")}"
        + $"{Parts(e.Adversarial)}{Distance(e.FeatureDistance)}{e.ImagesPerSecond:N0} images/s");

    private static string Use(CodeUse use) => string.Create(
        CultureInfo.InvariantCulture, $"{use.Used} of {use.Codes} codes, perplexity {use.Perplexity:F0}");

    private static string Invariant(double nats) => nats.ToString("F1", CultureInfo.InvariantCulture);

    private static string Parts(ElboParts loss) => string.Create(CultureInfo.InvariantCulture,
        $"{loss.Loss:F2} = {loss.Reconstruction:F2} + {loss.Beta:0.##} × {loss.Kl:F2}");

    private static string Parts(AdversarialParts? parts) => parts is not { } of
        ? ""
        : string.Create(
            CultureInfo.InvariantCulture,
            $"discriminator {of.DiscriminatorLoss:F2}, generator {of.GeneratorLoss:F2} × {of.Weight:G2}  ");

    private static string Distance(double? ofFeatures) => ofFeatures is not { } distance
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"perceptual {distance:F4}  ");
}
