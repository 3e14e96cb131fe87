namespace GpuVae.Cli.Commands;

/// <summary>The options of a training against a discriminator.</summary>
internal static class AdversarialArguments
{
    private static readonly Option<bool> IsOn = CommonOptions.Flag(
        "--adversarial",
        "Train against a discriminator, which learns to tell images from reconstructions: these become sharp, at a little of their "
        + "likelihood.");

    public static OptionSet<AdversarialOptions> Set { get; } = MakeSet();

    public static string Flag => IsOn.Name;

    public static void AddTo(ExampleCommand command)
    {
        command.Add("Adversary", IsOn);
        Set.AddTo(command);
    }

    /// <summary>The flags that the user wrote.</summary>
    public static IEnumerable<string> Given(ParseResult parsed) =>
        parsed.GetValue(IsOn) ? Set.Given(parsed).Prepend(IsOn.Name) : Set.Given(parsed);

    /// <summary>What is given, else what fits a training of so many epochs; null for a training without a discriminator.</summary>
    /// <exception cref="BadInputException">Something is said of a discriminator that there is not.</exception>
    public static AdversarialOptions? Read(ParseResult parsed, int epochs)
    {
        if (parsed.GetValue(IsOn))
            return Set.Read(parsed, AdversarialOptions.For(epochs));
        return Set.Given(parsed).FirstOrDefault() is { } flag
            ? throw new BadInputException($"{flag} changes nothing without {IsOn.Name}. Add that, or leave {flag} out.")
            : null;
    }

    /// <summary>The values by flags; null where there is no discriminator.</summary>
    public static IEnumerable<KeyValuePair<string, object?>> Values(AdversarialOptions? options) =>
    [
        new(IsOn.Name, options is not null),
        .. Set.Values(options ?? new AdversarialOptions()).Select(pair => KeyValuePair.Create(
            pair.Key, options is null ? null : pair.Value)),
    ];

    /// <summary>As <see cref="OptionSet{T}.Describe"/>; nothing where there is no discriminator.</summary>
    public static IEnumerable<(string Name, string Value)> Describe(AdversarialOptions? options) =>
        options is null ? [] : Set.Describe(options).Prepend((IsOn.Name.TrimStart('-'), "yes"));

    private static OptionSet<AdversarialOptions> MakeSet()
    {
        var set = new OptionSet<AdversarialOptions>("Adversary", options => options with { });
        set.Number(
            "--adversarial-weight", "W",
            "How hard the discriminator pulls at the decoder's last layer, as a share of how hard the reconstruction term does.",
            o => o.Weight, NumberRange.Positive);
        set.Number(
            "--adversarial-start", "E",
            "Epochs before the discriminator takes part; over one more its pull rises.", o => o.StartEpochs, NumberRange.AtLeast(0.0),
            otherwise: "two thirds of all");
        set.Number(
            "--feature-matching", "W",
            "Weight of the distance between the discriminator's features of an image and of its reconstruction beside its scores.",
            o => o.FeatureMatching, NumberRange.AtLeast(0.0));
        set.Numbers(
            "--discriminator-channels",
            "Channels of the discriminator's convolutions, each of which halves the image; more of them judge larger patches.",
            o => o.Channels, NumberRange.AtLeast(1));
        set.Number("--discriminator-lr", "R", "The discriminator's learning rate.", o => o.LearningRate, NumberRange.Positive);
        return set;
    }
}
