using GpuVae.Data;
using GpuVae.Models;

namespace GpuVae.Training;

/// <summary>
/// What the loss does while the learning rate rises from step to step, by the same factor each time (Smith, "Cyclical Learning Rates",
/// 2017, arXiv:1506.01186, section 3.3).
/// </summary>
/// <param name="Steps">Rates with the losses of their steps, smoothed, nats per image; it ends where the loss is out of hand.</param>
/// <param name="Suggested">A tenth of the rate at which the loss was lowest.</param>
public sealed record LearningRateScan(IReadOnlyList<(double Rate, double Loss)> Steps, double Suggested)
{
    private const double Lowest = 1e-6, Highest = 1, Smoothing = 0.9;

    /// <summary>Trains for some steps, after which the model's weights are of no use.</summary>
    /// <param name="model">Fresh, or as it is to be trained on.</param>
    /// <param name="images">The training set.</param>
    /// <param name="options">How it is to be trained; the rate and its decay do not matter.</param>
    /// <param name="steps">From the lowest rate to the highest, at least 10.</param>
    /// <param name="cancellation">Asks to stop between two steps.</param>
    /// <exception cref="BadInputException">An option is out of range, or the images do not fit the model or the batch size.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static LearningRateScan Run(
        Vae model, ImageSet images, TrainingOptions options, int steps = 150, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 10);
        double RateOf(long step) => Lowest * Math.Pow(Highest / Lowest, Math.Min(step, steps - 1) / (steps - 1.0));
        options = options with
        {
            LogEverySteps = 1,
            KlWarmupEpochs = 0,
            KlCycles = 0,
            EarlyStopping = 0,
            Adversarial = null,
            Perceptual = null,
        };
        using var trainer = new Trainer(model, images, options) { RateOf = RateOf };
        var seen = new List<(double Rate, double Loss)>();
        double sum = 0, share = 0;
        trainer.Progressed += progress =>
        {
            (sum, share) = (Smoothing * sum + (1 - Smoothing) * progress.Loss.Loss, Smoothing * share + 1 - Smoothing);
            seen.Add((RateOf(progress.Step - 1), sum / share));
        };
        try
        {
            for (int step = 0; step < steps && !IsOutOfHand(seen); step++)
            {
                cancellation.ThrowIfCancellationRequested();
                trainer.RunStep();
            }
        }
        catch (TrainingDivergedException)
        {
            // As it must, at the latest at the highest rate.
        }
        return new LearningRateScan(seen, seen.Count == 0 ? Lowest : seen.MinBy(entry => entry.Loss).Rate / 10);
    }

    /// <summary>Whether the loss has risen from its lowest by more than it had fallen.</summary>
    private static bool IsOutOfHand(List<(double Rate, double Loss)> seen)
    {
        if (seen.Count < 10)
            return false;
        double lowest = seen.Min(entry => entry.Loss);
        return seen[^1].Loss - lowest > Math.Max(seen[0].Loss - lowest, Math.Abs(lowest));
    }
}
