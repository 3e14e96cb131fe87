namespace GpuVae.Options;

/// <summary>
/// How a <c>Trainer</c> trains against a discriminator, a network that learns to tell images from reconstructions while the model learns to
/// make that hard: pictures become sharp, at a little of their likelihood.
/// </summary>
public sealed record AdversarialOptions
{
    private const int MaxLevels = 6, MaxChannels = 1024;

    /// <summary>
    /// How hard the discriminator pulls at the decoder's last layer, as a share of how hard the reconstruction term does (Esser et al.
    /// 2021, arXiv:2012.09841, equation 7).
    /// </summary>
    public double Weight { get; init; } = 0.8;

    /// <summary>
    /// Epochs that the model is trained for without it, so that there is something to tell from an image. Over as many again, up to one,
    /// its pull rises to <see cref="Weight"/>: what has learned nothing yet pulls anywhere.
    /// </summary>
    public double StartEpochs { get; init; } = 1;

    /// <summary>
    /// Weight of the squared distance between the discriminator's features of an image and of its reconstruction beside the scores, each
    /// layer's being a mean (Larsen et al. 2016, arXiv:1512.09300); 0 is the scores alone.
    /// </summary>
    public double FeatureMatching { get; init; } = 4;

    /// <summary>
    /// Channels of the discriminator's convolutions, each of which halves the image: with more of them a score is of a larger patch.
    /// </summary>
    public IReadOnlyList<int> Channels { get; init; } = [32, 64];

    /// <summary>The discriminator's learning rate when it begins; from there it falls from epoch to epoch as the model's does.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>
    /// What fits a training of so many epochs: the discriminator takes part in the last third, when the model has learned what can be had
    /// without it and, with a learning rate that falls, goes no faster than it can follow.
    /// </summary>
    /// <param name="epochs">Of the training.</param>
    public static AdversarialOptions For(int epochs) => new() { StartEpochs = epochs * 2L / 3 };

    /// <exception cref="BadInputException">A value is out of range; the message names the option and the range.</exception>
    public void Validate()
    {
        if (!(Weight is > 0 and < double.PositiveInfinity))
            throw new BadInputException(
                $"AdversarialOptions.Weight = {Weight} is out of range; it must be positive and finite. Leave TrainingOptions.Adversarial "
                + "out to train without a discriminator.");
        if (!(StartEpochs is >= 0 and < double.PositiveInfinity))
            throw new BadInputException($"AdversarialOptions.StartEpochs = {StartEpochs} is out of range; give 0 or more epochs.");
        if (!(FeatureMatching is >= 0 and < double.PositiveInfinity))
            throw new BadInputException(
                $"AdversarialOptions.FeatureMatching = {FeatureMatching} is out of range; it must be finite and not negative.");
        if (Channels.Count is 0 or > MaxLevels || Channels.Any(channels => channels is < 1 or > MaxChannels))
            throw new BadInputException(
                $"AdversarialOptions.Channels = {string.Join(",", Channels)}: give 1 to {MaxLevels} of them, each from 1 to "
                + $"{MaxChannels}.");
        if (!(LearningRate is > 0 and < double.PositiveInfinity))
            throw new BadInputException(
                $"AdversarialOptions.LearningRate = {LearningRate} is out of range; it must be positive and finite.");
    }

    /// <summary>Looks at what is to be trained so.</summary>
    /// <exception cref="BadInputException">It is none that can be.</exception>
    internal void RequireFor(VaeOptions model)
    {
        int side = Math.Min(model.Shape.Width, model.Shape.Height), least = 2 << Channels.Count;
        if (side < least)
            throw new BadInputException(
                $"AdversarialOptions.Channels = {string.Join(",", Channels)} halves images {Channels.Count} times, and of {model.Shape} "
                + $"too little would be left: they need {least} pixels a side. Give fewer of them.");
        if (model.Objective == Objective.Iwae)
            throw new BadInputException(
                "TrainingOptions.Adversarial compares one reconstruction with each image, and VaeOptions.Objective = Iwae weighs several. "
                + "Use VaeOptions.Objective = Elbo.");
    }
}
