namespace GpuVae.Options;

/// <summary>How a <c>Trainer</c> trains. The defaults are PyTorch's Adam at the learning rate of the seed article.</summary>
public sealed record TrainingOptions
{
    private const int MostShift = 4096;

    /// <summary>Times that every image is trained on.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>
    /// Images that are gone through at once. The last batch of an epoch holds what is left, as PyTorch's loader does by default.
    /// </summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>
    /// Batches whose gradients are averaged for one step of the optimizer, which then costs the memory of one batch: steps, losses and
    /// rates are those of a batch so many times as large.
    /// </summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>Adam's step size at the start.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>How the learning rate falls.</summary>
    public LearningRateDecay Decay { get; init; } = LearningRateDecay.Constant;

    /// <summary>For <see cref="LearningRateDecay.Step"/>: the factor applied every <see cref="DecayEpochs"/> epochs.</summary>
    public double DecayFactor { get; init; } = 0.1;

    /// <summary>For <see cref="LearningRateDecay.Step"/>: epochs between two decays.</summary>
    public int DecayEpochs { get; init; } = 10;

    /// <summary>Epochs over which the weight of the KL term rises linearly from 0 to beta; 0 is the full weight from the start.</summary>
    public double KlWarmupEpochs { get; init; }

    /// <summary>
    /// Times that the weight of the KL term rises from 0 to beta in the whole training, each time over half of its share and staying there
    /// for the other half (Fu et al., "Cyclical Annealing Schedule", 2019, arXiv:1903.10145); 0 for none.
    /// </summary>
    public int KlCycles { get; init; }

    /// <summary>
    /// Largest global norm of the gradient, √(Σ g²) over all parameters; larger gradients are scaled down to it. 0 does not clip.
    /// </summary>
    public double GradientClip { get; init; }

    /// <summary>
    /// A step whose gradient has a larger global norm changes nothing (gradient skipping: Child 2021, arXiv:2011.10650); 0 skips none.
    /// </summary>
    public double GradientSkip { get; init; }

    /// <summary>Decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019); 0 is plain Adam.</summary>
    public double WeightDecay { get; init; }

    /// <summary>
    /// Decay of an exponential moving average of the weights, in [0, 1), such as 0.999; 0 keeps none. Test loss, health and pictures are
    /// then the average's, and it is what is saved as the model; training goes on with the weights themselves.
    /// </summary>
    public double AverageDecay { get; init; }

    /// <summary>Decay of the gradient's running mean, in [0, 1).</summary>
    public double AdamBeta1 { get; init; } = 0.9;

    /// <summary>Decay of the running mean of its square, in [0, 1).</summary>
    public double AdamBeta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment.</summary>
    public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>Draws every training pixel anew as 0 or 1 with its grey value as probability (Salakhutdinov and Murray, 2008).</summary>
    public bool DynamicBinarization { get; init; }

    /// <summary>Turns every training image left to right, or leaves it, as a draw of each step says.</summary>
    public bool FlipHorizontally { get; init; }

    /// <summary>Turns every training image upside down, or leaves it, as a draw of each step says.</summary>
    public bool FlipVertically { get; init; }

    /// <summary>The most pixels that a training image is moved by, along either side; what is beyond its edge repeats the edge.</summary>
    public int MaxShift { get; init; }

    /// <summary>
    /// The least side, as a share of the whole, of the part of a training image that is enlarged in its place; 1 takes the whole.
    /// </summary>
    public double LeastCrop { get; init; } = 1;

    /// <summary>The values of a training image are multiplied by a factor of 1 − this to 1 + this.</summary>
    public double Brightness { get; init; }

    /// <summary>Whether training images are changed at all, in other ways in every step.</summary>
    internal bool IsAugmented => FlipHorizontally || FlipVertically || MaxShift > 0 || LeastCrop < 1 || Brightness > 0;

    /// <summary>Everything random follows from it: initial weights, order of the images, noise.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Steps between two looks at the loss; each costs one wait for the device.</summary>
    public int LogEverySteps { get; init; } = 50;

    /// <summary>Steps between two checkpoints within an epoch; 0 writes them at the ends of epochs only.</summary>
    public int CheckpointEverySteps { get; init; }

    /// <summary>Epochs without a lower test loss after which the training ends; 0 never ends it early.</summary>
    public int EarlyStopping { get; init; }

    /// <summary>A discriminator to train against; null for none.</summary>
    public AdversarialOptions? Adversarial { get; init; }

    /// <summary>A term of the loss by the features of a trained network, which the trainer is given; null for none.</summary>
    public PerceptualOptions? Perceptual { get; init; }

    /// <summary>Images of a step of the optimizer.</summary>
    internal int StepSize => checked(BatchSize * Accumulation);

    /// <exception cref="BadInputException">A value is out of range; the message names the option and the range.</exception>
    public void Validate()
    {
        AtLeastOne(Epochs, "The number of epochs");
        AtLeastOne(BatchSize, "The batch size");
        AtLeastOne(Accumulation, "The number of batches that a step accumulates");
        AtLeastOne(DecayEpochs, "The number of epochs between decays");
        AtLeastOne(LogEverySteps, "The number of steps between progress reports");
        if (CheckpointEverySteps < 0)
            throw new BadInputException($"The number of steps between checkpoints is {CheckpointEverySteps}; it must not be negative.");
        if (EarlyStopping < 0)
            throw new BadInputException($"The number of epochs for early stopping is {EarlyStopping}; it must not be negative.");
        if (!(LearningRate is > 0 and < double.PositiveInfinity))
            throw new BadInputException($"The learning rate is {LearningRate}; it must be positive and finite, 1e-3 is a good start.");
        if (!(DecayFactor is > 0 and <= 1))
            throw new BadInputException($"The decay factor is {DecayFactor}; it must lie above 0 and not above 1.");
        NotNegative(KlWarmupEpochs, "The number of KL warm-up epochs");
        if (KlCycles < 0)
            throw new BadInputException($"The number of KL cycles is {KlCycles}; it must not be negative.");
        if (KlCycles > 0 && KlWarmupEpochs > 0)
            throw new BadInputException("KL cycles and a KL warm-up both say how the weight of the KL term rises; choose one.");
        NotNegative(GradientClip, "The largest gradient norm");
        NotNegative(GradientSkip, "The norm of gradients that are skipped");
        NotNegative(WeightDecay, "The weight decay");
        if (!(AverageDecay is >= 0 and < 1))
            throw new BadInputException($"The decay of the weights' average is {AverageDecay}; it must lie in [0, 1), 0.999 is usual.");
        if (!(AdamBeta1 is >= 0 and < 1) || !(AdamBeta2 is >= 0 and < 1))
            throw new BadInputException($"Adam's betas are {AdamBeta1} and {AdamBeta2}; both must lie in [0, 1).");
        if (!(AdamEpsilon is > 0 and < double.PositiveInfinity))
            throw new BadInputException($"Adam's epsilon is {AdamEpsilon}; it must be positive and finite.");
        if (MaxShift is < 0 or > MostShift)
            throw new BadInputException($"TrainingOptions.MaxShift = {MaxShift} is out of range; choose 0 to {MostShift} pixels.");
        if (!(LeastCrop is > 0 and <= 1))
            throw new BadInputException($"TrainingOptions.LeastCrop = {LeastCrop} is out of range; it lies above 0 and not above 1.");
        if (!(Brightness is >= 0 and < 1))
            throw new BadInputException($"TrainingOptions.Brightness = {Brightness} is out of range; it lies in [0, 1).");
        if (DynamicBinarization && (LeastCrop < 1 || Brightness > 0))
            throw new BadInputException(
                "TrainingOptions.LeastCrop and TrainingOptions.Brightness make shades of grey, TrainingOptions.DynamicBinarization bits. "
                + "Leave out one of them.");
        ValidateAdversarial();
        ValidatePerceptual();
        if (!Enum.IsDefined(Decay))
            throw new BadInputException(
                $"There is no learning-rate decay {Decay}; choose one of {string.Join(", ", Enum.GetNames<LearningRateDecay>())}.");
    }

    private void ValidateAdversarial()
    {
        if (Adversarial is null)
            return;
        Adversarial.Validate();
        if (Adversarial.StartEpochs >= Epochs)
            throw new BadInputException(
                $"AdversarialOptions.StartEpochs = {Adversarial.StartEpochs} is not before the end of the training after {Epochs} epochs, "
                + "so the discriminator would have none. Start it earlier or train longer.");
        if (DynamicBinarization)
            throw new BadInputException(
                "TrainingOptions.DynamicBinarization makes bits, which any discriminator tells from a decoder's shades of grey. Leave it "
                + "or TrainingOptions.Adversarial out.");
        if (Accumulation > 1)
            throw new BadInputException(
                "TrainingOptions.Adversarial weighs the gradients of a whole batch, which TrainingOptions.Accumulation goes through in "
                + "parts. Leave it out.");
        if (EarlyStopping > 0)
            throw new BadInputException(
                "TrainingOptions.EarlyStopping waits for the lowest test loss, and with TrainingOptions.Adversarial pictures become "
                + "sharper while that rises. Leave it out.");
    }

    private void ValidatePerceptual()
    {
        if (Perceptual is null)
            return;
        Perceptual.Validate();
        if (DynamicBinarization)
            throw new BadInputException(
                "TrainingOptions.DynamicBinarization makes bits, in which a network sees something else than in a decoder's shades of "
                + "grey. Leave it or TrainingOptions.Perceptual out.");
        if (EarlyStopping > 0)
            throw new BadInputException(
                "TrainingOptions.EarlyStopping waits for the lowest test loss, and with TrainingOptions.Perceptual pictures become better "
                + "while that rises. Leave it out.");
    }

    /// <summary>
    /// The learning rate of step <paramref name="step"/> (from 0) with <paramref name="stepsPerEpoch"/> steps in an epoch.
    /// </summary>
    public double LearningRateAt(long step, long stepsPerEpoch) => Decay switch
    {
        LearningRateDecay.Cosine => LearningRate * 0.5 * (1 + Math.Cos(Math.PI * step / ((double)stepsPerEpoch * Epochs))),
        LearningRateDecay.Step => LearningRate * Math.Pow(DecayFactor, step / stepsPerEpoch / DecayEpochs),
        _ => LearningRate,
    };

    /// <summary>The share of beta in force at step <paramref name="step"/> (from 0), from 0 to 1.</summary>
    public double KlWeightAt(long step, long stepsPerEpoch)
    {
        if (KlCycles == 0)
            return KlWarmupEpochs > 0 ? Math.Min(1, step / (KlWarmupEpochs * stepsPerEpoch)) : 1;
        double cycle = (double)stepsPerEpoch * Epochs / KlCycles;
        return Math.Min(1, 2 * (step % cycle) / cycle);
    }

    private static void AtLeastOne(int value, string what)
    {
        if (value < 1)
            throw new BadInputException($"{what} is {value}; it must be at least 1.");
    }

    private static void NotNegative(double value, string what)
    {
        if (!(value is >= 0 and < double.PositiveInfinity))
            throw new BadInputException($"{what} is {value}; it must be finite and not negative.");
    }
}
