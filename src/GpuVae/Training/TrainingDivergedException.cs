namespace GpuVae.Training;

/// <summary>
/// The loss or the weights stopped being numbers. Training has ended; the checkpoint on the disk, if there is one, is the last that was
/// still finite.
/// </summary>
public sealed class TrainingDivergedException : Exception
{
    internal TrainingDivergedException(long step, string term, double value, string? checkpoint)
        : base($"Training diverged at step {step}: the {term} is {value}. {Advice(checkpoint)}") =>
        (Step, Term) = (step, term);

    /// <summary>The first step, counted from 1, whose result was not finite.</summary>
    public long Step { get; }

    /// <summary>What was not finite: "reconstruction term", "KL term", "weights" or "moments of the gradient".</summary>
    public string Term { get; }

    private static string Advice(string? checkpoint) =>
        "Lower TrainingOptions.LearningRate, clip the gradients by TrainingOptions.GradientClip = 1 or let the KL term warm up by "
        + "TrainingOptions.KlWarmupEpochs = 5."
        + (checkpoint is not null && File.Exists(checkpoint) ? $" The last good state is in {checkpoint}." : "");
}
