namespace GpuVae.Cli.Commands;

/// <summary>The options that decide how a model is trained.</summary>
internal static class TrainingArguments
{
    private const string EpochsFlag = "--epochs", PatienceFlag = "--early-stopping";

    public static OptionSet<TrainingOptions> Set { get; } = MakeSet();

    public static int? GivenEpochs(ParseResult parsed) => Set.Given(parsed).Contains(EpochsFlag) ? Set.Read(parsed).Epochs : null;

    public static int? GivenPatience(ParseResult parsed) =>
        Set.Given(parsed).Contains(PatienceFlag) ? Set.Read(parsed).EarlyStopping : null;

    /// <summary>The flags that the user wrote and that a run does not change later.</summary>
    public static IEnumerable<string> GivenForGood(ParseResult parsed) =>
        Set.Given(parsed).Where(flag => flag is not (EpochsFlag or PatienceFlag))
            .Concat(AdversarialArguments.Given(parsed)).Concat(PerceptualArguments.Set.Given(parsed));

    /// <summary>What is given, and <paramref name="defaults"/> for the rest.</summary>
    /// <exception cref="BadInputException">A value is out of range.</exception>
    public static TrainingOptions Read(ParseResult parsed, TrainingOptions? defaults = null)
    {
        TrainingOptions options = Set.Read(parsed, defaults);
        options = options with
        {
            Adversarial = AdversarialArguments.Read(parsed, options.Epochs),
            Perceptual = PerceptualArguments.Read(parsed),
        };
        options.Validate();
        return options;
    }

    private static OptionSet<TrainingOptions> MakeSet()
    {
        NumberRange<int> positive = NumberRange.AtLeast(1), count = NumberRange.AtLeast(0);
        var notNegative = NumberRange.AtLeast(0.0);
        var set = new OptionSet<TrainingOptions>("Training", options => options with { });
        set.Number(EpochsFlag, "N", "Passes over the images.", o => o.Epochs, positive, isFitted: true);
        set.Number("--batch", "N", "Images that are gone through at once.", o => o.BatchSize, positive, isFitted: true);
        set.Number(
            "--accumulate", "N", "Batches whose gradients are averaged for one step, in the memory of one.", o => o.Accumulation, positive);
        set.Number("--lr", "R", "Adam's learning rate.", o => o.LearningRate, NumberRange.Positive, isFitted: true);
        set.Choice(
            "--lr-schedule", "How the learning rate changes; 'step' divides it by 10 every 10 epochs.", o => o.Decay, isFitted: true);
        set.Number(
            "--ema", "D", "Decay of a moving average of the weights, such as 0.999, which is evaluated and saved in their place; 0: none.",
            o => o.AverageDecay, NumberRange.Between(0.0, 0.999999));
        set.Number(
            "--kl-warmup", "E", "Epochs over which the weight of the KL term rises from 0 to beta.", o => o.KlWarmupEpochs, notNegative);
        set.Number(
            "--kl-cycles", "N", "Times that the weight of the KL term rises from 0 to beta in the training; 0 for none.",
            o => o.KlCycles, count);
        set.Number(
            PatienceFlag, "N", "End after N epochs without a lower test loss; 0 trains to the last epoch.", o => o.EarlyStopping, count);
        set.Number("--clip", "NORM", "Largest global norm of the gradient; 0 does not clip.", o => o.GradientClip, notNegative);
        set.Number(
            "--skip-above", "NORM", "Skip steps whose gradient has a larger global norm than this; 0 skips none.", o => o.GradientSkip,
            notNegative);
        set.Number("--weight-decay", "D", "Decoupled weight decay (AdamW).", o => o.WeightDecay, notNegative);
        set.Flag("--binarize", "Draw every training pixel anew as black or white in each epoch.", o => o.DynamicBinarization);
        set.Flag("--flip", "Show every training image turned left to right half of the times.", o => o.FlipHorizontally);
        set.Flag("--flip-vertical", "Show every training image upside down half of the times.", o => o.FlipVertically);
        set.Number("--shift", "PIXELS", "Move every training image by up to so many pixels to each side.", o => o.MaxShift, count);
        set.Number(
            "--crop", "SHARE", "Show a part of every training image enlarged, whose side is this share of the whole or more; 1 shows all.",
            o => o.LeastCrop, NumberRange.Between(0.01, 1.0));
        set.Number(
            "--brightness", "B", "Multiply the values of every training image by a factor of 1 - B to 1 + B.", o => o.Brightness,
            NumberRange.Between(0.0, 0.99));
        set.Number(
            "--checkpoint-every", "N", "Steps between checkpoints within an epoch; 0 writes them after epochs only.",
            o => o.CheckpointEverySteps, count);
        set.Number("--seed", "N", CommonOptions.SeedMeaning, o => o.Seed, CommonOptions.Seeds);
        return set;
    }
}
