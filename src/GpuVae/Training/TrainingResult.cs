namespace GpuVae.Training;

/// <summary>How <see cref="Trainer.Run"/> ended.</summary>
/// <param name="Completed">False if it was cancelled; the checkpoint, if one is written, then holds the state.</param>
/// <param name="Steps">Optimizer steps done since the very first.</param>
/// <param name="LastEpoch">The last epoch that was finished in this call; null if none was.</param>
/// <param name="StoppedEarly">Whether it was completed by <see cref="TrainingOptions.EarlyStopping"/>, before its last epoch.</param>
public sealed record TrainingResult(bool Completed, long Steps, EpochSummary? LastEpoch, bool StoppedEarly = false);
