namespace GpuVae.Options;

/// <summary>How the learning rate changes from <see cref="TrainingOptions.LearningRate"/> on.</summary>
public enum LearningRateDecay
{
    /// <summary>The same rate in all steps.</summary>
    Constant,

    /// <summary>
    /// Half a cosine from the full rate at the first step to zero after the last (Loshchilov and Hutter, "SGDR", 2017, without restarts).
    /// </summary>
    Cosine,

    /// <summary>
    /// Multiplied by <see cref="TrainingOptions.DecayFactor"/> after every <see cref="TrainingOptions.DecayEpochs"/> epochs.
    /// </summary>
    Step,
}
