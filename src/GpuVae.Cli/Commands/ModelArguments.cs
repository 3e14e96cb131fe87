namespace GpuVae.Cli.Commands;

/// <summary>The options that decide a model's architecture and objective.</summary>
internal sealed class ModelArguments
{
    private enum ModelKind
    {
        Seed,
        Dense,
        Convolutional,
    }

    private static ChoiceOption<ModelKind>? kind;

    public static OptionSet<VaeOptions> Set { get; } = MakeSet();

    private readonly Option<bool> conditional = CommonOptions.Flag(
        "--conditional",
        "Tell encoder and decoder the label of every image; 'generate', 'inpaint' and 'upscale --label' can then ask for one.");

    public void AddTo(ExampleCommand command)
    {
        Set.AddTo(command);
        command.Add("Model", conditional);
    }

    /// <summary>The flags that the user wrote.</summary>
    public IEnumerable<string> Given(ParseResult parsed) =>
        parsed.GetValue(conditional) ? Set.Given(parsed).Append(conditional.Name) : Set.Given(parsed);

    /// <summary>Looks at what the user wrote before any image is loaded.</summary>
    /// <exception cref="BadInputException">A value is out of range.</exception>
    public static void Check(ParseResult parsed)
    {
        VaeOptions options = Set.Read(parsed);
        // Where the kind is not said, it is fitted to that.
        if (NeedsMaps(options) && !CommonOptions.IsGiven(parsed, kind!))
            options = options with { Network = NetworkKind.Convolutional };
        if (options.Hierarchy > 1 && !Set.Given(parsed).Contains("--latent"))
            options = options with { Latent = options.Hierarchy };
        options.Validate();
    }

    /// <summary>What fits the images where the user has said nothing.</summary>
    public static FittedOptions Fit(ParseResult parsed, ImageSet images)
    {
        VaeOptions asked = Set.Read(parsed);
        return FitNetworks(parsed, asked, images).WithHierarchy(asked.Hierarchy, asked.LevelChannels);
    }

    private static FittedOptions FitNetworks(ParseResult parsed, VaeOptions asked, ImageSet images) =>
        asked.Quantization != Quantization.None ? FittedOptions.Quantized(images, asked.Quantization)
        : !CommonOptions.IsGiven(parsed, kind!) ? FittedOptions.For(images, NeedsMaps(asked) ? NetworkKind.Convolutional : null)
        : kind!.Read(parsed) == ModelKind.Seed ? FittedOptions.Seed(images)
        : FittedOptions.For(images, asked.Network);

    /// <summary>Whether only convolutions have what the options ask for.</summary>
    private static bool NeedsMaps(VaeOptions options) => options.Quantization != Quantization.None || options.LevelChannels > 0;

    /// <summary>The options for a set of images: their shape and, for a conditional model, their labels.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="defaults">What fits the images where the user has said nothing.</param>
    /// <param name="images">The training set.</param>
    /// <param name="hasDomains">Whether the labels are domains: then the model is conditional in any case.</param>
    /// <exception cref="BadInputException">
    /// A value is out of range or changes nothing, or the model is to be conditional, and the images have no labels or only one.
    /// </exception>
    public VaeOptions For(ParseResult parsed, VaeOptions defaults, ImageSet images, bool hasDomains)
    {
        VaeOptions options = Set.Read(parsed, defaults) with { Shape = images.Shape };
        Set.RequireUse(parsed, options);
        options.Validate();
        if (!parsed.GetValue(conditional) && !hasDomains)
            return options;
        if (images.Labels is not { } labels)
            throw new BadInputException(
                $"{images.Name} has no labels, so a model cannot be told them. "
                + "Put the images into a subfolder for each label, or leave --conditional out.");
        string[] names = images.LabelNames ?? [];
        options = options with { Classes = names.Length > 0 ? names.Length : labels.Max() + 1, LabelNames = names };
        options.Validate();
        return options;
    }

    private static OptionSet<VaeOptions> MakeSet()
    {
        var isConvolutional = new OptionSet<VaeOptions>.Need(o => o.Network == NetworkKind.Convolutional, "--model convolutional");
        var hasVariance = new OptionSet<VaeOptions>.Need(
            o => o.Likelihood is Likelihood.Gaussian or Likelihood.GaussianShared or Likelihood.Laplace,
            "--likelihood gaussian, gaussian-shared or laplace");
        var hasUnits = new OptionSet<VaeOptions>.Need(o => o.Quantization == Quantization.None, "--quantize none");
        var isHierarchical = new OptionSet<VaeOptions>.Need(o => o.Hierarchy > 1, "--hierarchy 2 or more");
        var hasCodebook = new OptionSet<VaeOptions>.Need(o => o.Quantization == Quantization.Codebook, "--quantize codebook");
        var isRae = new OptionSet<VaeOptions>.Need(o => o.Objective == Objective.Rae, "--objective rae");
        var widths = NumberRange.Between(1, VaeOptions.MaxWidth);
        var notNegative = NumberRange.AtLeast(0.0);
        var defaults = new VaeOptions();
        var set = new OptionSet<VaeOptions>("Model", options => options with { });
        set.Number(
            "--latent", "N", "Units of the latent code.", o => o.Latent, widths,
            new(o => o.Quantization == Quantization.None && o.LevelChannels == 0, "--quantize none and --level-channels 0"),
            isFitted: true);
        set.Number(
            "--upscale", "N", "For 'gpuvae upscale': show the encoder the images reduced so many times, and teach the decoder to enlarge "
            + "them; 1 is a usual model.", o => o.Upscale, NumberRange.OneOf(1, 2, 4));
        kind = set.Choice(
            "--model", "What encoder and decoder are made of: linear layers (dense), or convolutions and some linear layers; seed is the "
            + "seed article's model, whatever the images.", o => o.Network, ModelKind.Dense,
            wanted => wanted == ModelKind.Convolutional ? NetworkKind.Convolutional : NetworkKind.Dense);
        set.Numbers(
            "--hidden", "Widths of the encoder's hidden linear layers, from the image or the convolutions on; the decoder mirrors them. "
            + $"Default: {string.Join(',', defaults.Hidden)}, or "
            + $"{string.Join(',', (defaults with { Network = NetworkKind.Convolutional }).Hidden)} after convolutions.",
            o => o.Hidden, widths, hasUnits);
        set.Numbers(
            "--channels-per-stage", "Of a convolutional model: channels of the stages, each of which halves the image; from 1 to 8 stages.",
            o => o.ChannelsPerStage, NumberRange.AtLeast(1), isConvolutional, isFitted: true);
        set.Number(
            "--residual", "N", "Of a convolutional model: residual blocks per stage.", o => o.ResidualBlocks,
            NumberRange.Between(0, VaeOptions.MaxDepth), isConvolutional);
        set.Flag(
            "--group-norm", "Of a convolutional model: group normalisation after the convolutions.", o => o.GroupNorm, isConvolutional,
            isFitted: true);
        set.Choice(
            "--upsampling", "Of a convolutional model: how the decoder enlarges.", o => o.Upsampling, isConvolutional, isFitted: true);
        set.Flag(
            "--centered", "Take the mean training image off what the encoder is given, and let the decoder start at it.", o => o.Centered,
            isFitted: true);
        set.Choice("--activation", "Function applied after every hidden layer.", o => o.Activation, isFitted: true);
        set.Choice(
            "--likelihood", "Distribution of a pixel given the code; it decides the reconstruction term.", o => o.Likelihood,
            isFitted: true);
        set.Number(
            "--variance", "V", "Pixel variance of the Gaussian likelihood; where it is learned, its start.", o => o.Variance,
            NumberRange.Positive, hasVariance, isFitted: true);
        set.Number(
            "--mixture-components", "K", "Components of the likelihood logistic-mixture.", o => o.MixtureComponents,
            NumberRange.Between(1, VaeOptions.MaxMixture),
            new(o => o.Likelihood == Likelihood.LogisticMixture, "--likelihood logistic-mixture"));
        set.Choice(
            "--quantize", "Discrete codes on a grid instead of latent units: the nearest of a learned codebook (VQ-VAE), or every number "
            + "rounded to a few levels (scalar: FSQ).", o => o.Quantization);
        set.Number(
            "--code-levels", "N", "Grids of codes: with 2 a top one of half the sides, in sight of which the bottom one is chosen "
            + "(VQ-VAE-2).", o => o.CodeLevels, NumberRange.OneOf(1, 2),
            new(o => o.Quantization != Quantization.None, "--quantize codebook or scalar"));
        set.Number(
            "--codes", "N", "Vectors of the codebook.", o => o.Codes, NumberRange.Between(2, VaeOptions.MaxCodes), hasCodebook);
        set.Number(
            "--code-size", "N", "Numbers of a vector of the codebook.", o => o.CodeSize, NumberRange.Between(1, VaeOptions.MaxCodeSize),
            hasCodebook);
        set.Number(
            "--codebook-decay", "D", "What a step keeps of the codebook's moving averages.", o => o.CodebookDecay,
            NumberRange.Between(0.0, 1.0), hasCodebook);
        set.Number(
            "--commitment", "B", "Weight of the squared distance between the encoder's vectors and their codes.", o => o.Commitment,
            notNegative, hasCodebook);
        set.Choice(
            "--code-gradient", "How the gradient passes the codebook: turned as vector and code are to each other, or straight through.",
            o => o.CodeGradient, hasCodebook);
        set.Numbers(
            "--levels", "Levels of the numbers of a scalar code; their product is the number of codes. "
            + $"Default: {string.Join(',', defaults.Levels)}.", o => o.Levels, NumberRange.Between(3, 255),
            new(o => o.Quantization == Quantization.Scalar, "--quantize scalar"));
        set.Number(
            "--hierarchy", "N", "Levels that the latent units are shared by, each drawn under the condition of those above it (ladder); 1 "
            + "is a usual model.", o => o.Hierarchy, NumberRange.Between(1, VaeOptions.MaxHierarchy), hasUnits);
        set.Number(
            "--level-channels", "N", "Of a hierarchy between convolutions: units of each place of the maps that the levels below the top "
            + "are; 0 for vectors.", o => o.LevelChannels, NumberRange.Between(0, VaeOptions.MaxLevelChannels), isHierarchical);
        set.Choice(
            "--posterior", "Family of q(z|x): independent units, any covariance, or an inverse autoregressive flow.", o => o.Posterior,
            hasUnits);
        set.Choice(
            "--prior", "What codes are drawn from: the standard normal, a learned mixture, or the posteriors of learned images (not with a "
            + "flow).", o => o.Prior, hasUnits);
        set.Number(
            "--components", "K", "Components of the mixture prior, or learned images of the vamp prior.", o => o.PriorComponents,
            NumberRange.Between(1, VaeOptions.MaxComponents), new(o => o.Prior != Prior.Normal, "--prior mixture or vamp"));
        set.Choice(
            "--objective", "The bound (elbo), the importance-weighted bound (iwae), the bound with total "
            + "correlation weighted by beta (tc), or with the discrepancy between codes and prior (mmd: InfoVAE; with --beta 0 WAE-MMD); "
            + "or a regularised autoencoder without noise, whose codes are drawn from a mixture fitted to them (rae).",
            o => o.Objective, hasUnits);
        set.Number(
            "--mmd-weight", "W", "Weight of the discrepancy between codes and prior.", o => o.MmdWeight, notNegative,
            new(o => o.Objective == Objective.Mmd, "--objective mmd"));
        set.Choice(
            "--decoder-penalty", "What keeps the decoder of rae smooth: a small norm of its weights, or of its Jacobian.",
            o => o.DecoderPenalty, isRae);
        set.Number(
            "--decoder-penalty-weight", "W", "Weight of that penalty.", o => o.DecoderPenaltyWeight, notNegative, isRae);
        set.Number("--samples", "K", "Samples per image of iwae.", o => o.Samples, NumberRange.Between(1, VaeOptions.MaxSamples));
        set.Choice(
            "--gradient", "How iwae's gradient reaches the encoder: all of it, or along the samples alone (stl, dreg; not with a flow).",
            o => o.Gradient);
        set.Number("--beta", "B", "Weight of the KL term, or of the total correlation.", o => o.Beta, notNegative,
            hasUnits);
        set.Number(
            "--free-bits", "NATS", "Nats that each latent unit, or level of a hierarchy, may use without being pressed; 0 for none.",
            o => o.FreeBits, notNegative, hasUnits);
        set.Number(
            "--capacity", "NATS", "Nats that the KL term is drawn to, rising over --kl-warmup epochs; 0 for none.", o => o.Capacity,
            notNegative, hasUnits);
        set.Number(
            "--capacity-weight", "G", "How hard the KL term is drawn to --capacity.", o => o.CapacityWeight, NumberRange.Positive,
            new(o => o.Capacity > 0, "--capacity"));
        return set;
    }
}
