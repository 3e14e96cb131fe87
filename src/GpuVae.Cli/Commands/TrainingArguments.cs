using System.CommandLine;
using GpuVae.Options;

namespace GpuVae.Cli.Commands;

/// <summary>The options that decide how a model is trained.</summary>
internal sealed class TrainingArguments
{
    private static readonly TrainingOptions Defaults = new();

    private readonly Option<int> epochs = CommonOptions.Number(
        "--epochs", "N", "Passes over the images.", Defaults.Epochs, NumberRange.AtLeast(1));

    private readonly Option<int> batch = CommonOptions.Number(
        "--batch", "N", "Images per step.", Defaults.BatchSize, NumberRange.AtLeast(1));

    private readonly Option<double> rate = CommonOptions.Number(
        "--lr", "R", "Adam's learning rate.", Defaults.LearningRate, NumberRange.Positive);
    private readonly Option<ulong> seed = CommonOptions.Seed();

    private readonly ChoiceOption<LearningRateDecay> decay = new(
        "--lr-schedule", "How the learning rate changes; 'step' divides it by 10 every 10 epochs.", Defaults.Decay);

    private readonly Option<double> warmup = CommonOptions.Number(
        "--kl-warmup", "E", "Epochs over which the weight of the KL term rises from 0 to beta.", Defaults.KlWarmupEpochs,
        NumberRange.AtLeast(0.0));

    private readonly Option<int> cycles = CommonOptions.Number(
        "--kl-cycles", "N", "Times that the weight of the KL term rises from 0 to beta in the training; 0 for none.", Defaults.KlCycles,
        NumberRange.AtLeast(0));

    private readonly Option<double> clip = CommonOptions.Number(
        "--clip", "NORM", "Largest global norm of the gradient; 0 does not clip.", Defaults.GradientClip, NumberRange.AtLeast(0.0));

    private readonly Option<double> weightDecay = CommonOptions.Number(
        "--weight-decay", "D", "Decoupled weight decay (AdamW).", Defaults.WeightDecay, NumberRange.AtLeast(0.0));

    private readonly Option<int> checkpointEvery = CommonOptions.Number(
        "--checkpoint-every", "N", "Steps between checkpoints within an epoch; 0 writes them after epochs only.",
        Defaults.CheckpointEverySteps, NumberRange.AtLeast(0));

    private readonly Option<bool> binarize = CommonOptions.Flag(
        "--binarize", "Draw every training pixel anew as black or white in each epoch.");

    private Option[] AllButEpochs => [batch, rate, decay, warmup, cycles, clip, weightDecay, binarize, checkpointEvery, seed];

    public void AddTo(ExampleCommand command) => command.Add("Training", AllButEpochs.Prepend(epochs));

    public int? GivenEpochs(ParseResult parsed) => CommonOptions.IsGiven(parsed, epochs) ? parsed.GetValue(epochs) : null;

    /// <summary>The options that the user wrote, by name, apart from the epochs.</summary>
    public IEnumerable<string> GivenButEpochs(ParseResult parsed) =>
        AllButEpochs.Where(option => CommonOptions.IsGiven(parsed, option)).Select(option => option.Name);

    /// <exception cref="BadInputException">A value is out of range.</exception>
    public TrainingOptions Read(ParseResult parsed)
    {
        var options = new TrainingOptions
        {
            Epochs = parsed.GetValue(epochs),
            BatchSize = parsed.GetValue(batch),
            LearningRate = parsed.GetValue(rate),
            Decay = decay.Read(parsed),
            KlWarmupEpochs = parsed.GetValue(warmup),
            KlCycles = parsed.GetValue(cycles),
            GradientClip = parsed.GetValue(clip),
            WeightDecay = parsed.GetValue(weightDecay),
            DynamicBinarization = parsed.GetValue(binarize),
            CheckpointEverySteps = parsed.GetValue(checkpointEvery),
            Seed = parsed.GetValue(seed),
        };
        options.Validate();
        return options;
    }
}
