using System.Text.Json.Serialization;
using GpuVae.Kernels.Latent;

namespace GpuVae.Options;

/// <summary>
/// The architecture and the objective of a <c>Vae</c>. The defaults are the seed article's model on 28×28 grey images:
/// 784-512-256-2·20 and 20-256-512-784 with ReLU, Bernoulli likelihood, beta 1. Convolutional networks are described in
/// <see cref="NetworkKind"/>.
/// </summary>
public sealed partial record VaeOptions
{
    private const int MaxPixels = 1 << 24, MaxStages = 8, MaxChannels = 4096, MaxClasses = 10_000;

    /// <summary>The most numbers that a layer may give for one image.</summary>
    private const int MaxColumns = 1 << 28;

    /// <summary>The most weights of a model: their bytes must fit into one array, as a checkpoint holds them.</summary>
    internal const long MaxWeights = (1L << 31) / sizeof(float) - (1 << 20);

    /// <summary>The largest <see cref="Latent"/> and width of a hidden layer.</summary>
    public const int MaxWidth = 1 << 16;

    /// <summary>The largest number of hidden layers, and of residual blocks of a stage.</summary>
    public const int MaxDepth = 32;

    /// <summary>The largest <see cref="MixtureComponents"/>.</summary>
    public const int MaxMixture = 100;

    /// <summary>The largest <see cref="PriorComponents"/>.</summary>
    public const int MaxComponents = 10_000;

    /// <summary>The largest <see cref="Samples"/>.</summary>
    public const int MaxSamples = 1000;

    /// <summary>Of the images; channels 1 or 3.</summary>
    public ImageShape Shape { get; init; } = new(28, 28);

    /// <summary>What encoder and decoder are made of.</summary>
    public NetworkKind Network { get; init; }

    /// <summary>
    /// Widths of the encoder's hidden linear layers from the image on, or from the end of the convolutions; the decoder mirrors them.
    /// </summary>
    public IReadOnlyList<int> Hidden
    {
        get => field ?? (Network == NetworkKind.Convolutional ? [256] : [512, 256]);
        init;
    }

    /// <summary>Channels of a convolutional encoder's stages, each of which halves the image; the decoder mirrors them.</summary>
    public IReadOnlyList<int> ChannelsPerStage { get; init; } = [32, 64, 128];

    /// <summary>Residual blocks after each stage of a convolutional encoder and before each of the decoder.</summary>
    public int ResidualBlocks { get; init; }

    /// <summary>Whether convolutions are followed by group normalisation.</summary>
    public bool GroupNorm { get; init; }

    /// <summary>How a convolutional decoder enlarges.</summary>
    public UpsamplingKind Upsampling { get; init; }

    /// <summary>
    /// With 2 or 4 the encoder sees no more of an image than its means over blocks of so many pixels a side, while the decoder is still to
    /// give all of it: a model of images under the condition of their reductions, for enlarging. With 1 it sees the image.
    /// </summary>
    public int Upscale { get; init; } = 1;

    /// <summary>
    /// Whether the encoder is given images less the mean of the training images, and the decoder starts at that mean (Burda et al. 2016);
    /// see <c>Vae.StartFrom</c>.
    /// </summary>
    public bool Centered { get; init; }

    /// <summary>
    /// Units of the latent code z, of all levels of a <see cref="Hierarchy"/> together; with discrete codes the numbers that these are
    /// made of, and with <see cref="LevelChannels"/> the units of all maps and the 32 of the top, whatever is set.
    /// </summary>
    public int Latent
    {
        get => IsQuantized ? Encoded.Pixels : HasLevelMaps ? UnitsOfLevels : field;
        init;
    } = 20;

    /// <summary>Applied after every hidden layer.</summary>
    public ActivationKind Activation { get; init; } = ActivationKind.Relu;

    /// <summary>p(x|z).</summary>
    public Likelihood Likelihood { get; init; } = Likelihood.Bernoulli;

    /// <summary>
    /// The pixel variance of <see cref="Likelihood.Gaussian"/>, and that from which <see cref="Likelihood.GaussianShared"/> and
    /// <see cref="Likelihood.Laplace"/> start to learn theirs; the others do not use it.
    /// </summary>
    public double Variance { get; init; } = 0.1;

    /// <summary>Components of <see cref="Likelihood.LogisticMixture"/>; the others do not use it.</summary>
    public int MixtureComponents { get; init; } = 5;

    /// <summary>The family of q(z|x).</summary>
    public Posterior Posterior { get; init; } = Posterior.Diagonal;

    /// <summary>p(z).</summary>
    public Prior Prior { get; init; } = Prior.Normal;

    /// <summary>Components of <see cref="Prior.Mixture"/>, or pseudo-inputs of <see cref="Prior.Vamp"/>.</summary>
    public int PriorComponents { get; init; } = 100;

    /// <summary>What training maximises.</summary>
    public Objective Objective { get; init; } = Objective.Elbo;

    /// <summary>
    /// Weight of the KL term (Higgins et al., "beta-VAE", 2017), or of the total correlation for <see cref="Objective.Tc"/>; 1 is the
    /// evidence lower bound.
    /// </summary>
    public double Beta { get; init; } = 1;

    /// <summary>Samples per image of <see cref="Objective.Iwae"/>.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>How the gradient of <see cref="Objective.Iwae"/> reaches the encoder.</summary>
    public PathGradient Gradient { get; init; } = PathGradient.Standard;

    /// <summary>
    /// Nats that every latent unit may use without being pressed (free bits: Kingma et al. 2016, arXiv:1606.04934, per unit), or every
    /// level of a <see cref="Hierarchy"/>; 0 is off.
    /// </summary>
    public double FreeBits { get; init; }

    /// <summary>
    /// Nats that the KL term is drawn to, in the loss as <see cref="CapacityWeight"/>·|KL − capacity| (Burgess et al. 2018,
    /// arXiv:1804.03599); it rises to them over <c>TrainingOptions.KlWarmupEpochs</c>. 0 is off.
    /// </summary>
    public double Capacity { get; init; }

    /// <summary>What a nat between the KL term and <see cref="Capacity"/> costs.</summary>
    public double CapacityWeight { get; init; } = 10;

    /// <summary>Weight of the discrepancy of <see cref="Objective.Mmd"/>, nats.</summary>
    public double MmdWeight { get; init; } = 100;

    /// <summary>What keeps the decoder of <see cref="Objective.Rae"/> smooth.</summary>
    public DecoderPenalty DecoderPenalty { get; init; }

    /// <summary>Weight of <see cref="DecoderPenalty"/>, nats.</summary>
    public double DecoderPenaltyWeight { get; init; } = 1e-3;

    /// <summary>Classes that a conditional model is told for every image; 0 for a model that is told nothing.</summary>
    public int Classes { get; init; }

    /// <summary>What the classes are called; empty where they have no names.</summary>
    public IReadOnlyList<string> LabelNames { get; init; } = [];

    /// <summary>Parts that the caller gave to <c>Vae</c>, which writes this; null for a model that its options describe.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OwnParts? Own { get; init; }

    /// <summary>Steps of <see cref="Posterior.Flow"/>.</summary>
    internal const int FlowSteps = 2;

    /// <summary>Hidden units of the network of a flow's step.</summary>
    internal int FlowWidth => Math.Max(16, 4 * Latent);

    /// <summary>
    /// A full covariance takes the gradient along its samples also with the plain bound: without the score of its many entries, whose mean
    /// is 0, it has far less variance (Roeder et al., "Sticking the Landing", 2017).
    /// </summary>
    internal PathGradient EncoderGradient =>
        Posterior == Posterior.Full && Objective == Objective.Elbo ? PathGradient.Stl : Gradient;

    /// <summary>Columns of the encoder's last layer.</summary>
    internal int EncoderOutputs => HasNoNoise ? Latent : IsHierarchical ? ContextWidth : Posterior switch
    {
        Posterior.Full => FullCovariancePosterior.Columns(Latent),
        Posterior.Flow => 2 * Latent + FlowSteps * FlowWidth,
        _ => 2 * Latent,
    };

    /// <summary>
    /// What the warm-up of the KL term multiplies: its weight, or the capacity where one is set. For <see cref="Objective.Tc"/> beta weighs
    /// the total correlation alone.
    /// </summary>
    internal double KlRate => Capacity > 0 ? Capacity : Objective == Objective.Tc ? 1 : Beta;

    /// <summary>Numbers that the decoder gives per pixel and channel.</summary>
    internal int PixelParameters => Own?.Likelihood is not null ? Own.PixelParameters : Likelihood switch
    {
        Likelihood.GaussianLearned or Likelihood.DiscretizedLogistic => 2,
        Likelihood.LogisticMixture => 3 * MixtureComponents,
        _ => 1,
    };

    /// <summary>Columns of the decoder's last layer.</summary>
    internal int DecoderOutputs => PixelParameters * Shape.Pixels;

    /// <summary>
    /// Layer widths of the encoder, input and output included: pixels (and classes), hidden …, the posterior's numbers (2 · latent).
    /// </summary>
    internal int[] EncoderWidths => [Shape.Pixels + Classes, .. Hidden, EncoderOutputs];

    /// <summary>What the decoder's first linear layer is given: z, or the state at the end of a hierarchy.</summary>
    internal int DecoderInputs => IsHierarchical ? StateWidth : Latent;

    /// <summary>
    /// Layer widths of the decoder, input and output included: latent or state (and classes), hidden … reversed, outputs.
    /// </summary>
    internal int[] DecoderWidths => [DecoderInputs + Classes, .. Hidden.Reverse(), DecoderOutputs];

    /// <summary>The weight of the KL term in the loss that is reported: 1, the bound, where something else than beta rules it.</summary>
    internal double LossBeta => Capacity > 0 || Objective == Objective.Tc ? 1 : Beta;

    /// <exception cref="BadInputException">A value is out of range; the message names the option and the range.</exception>
    public void Validate()
    {
        bool isImage = Shape is
        {
            Width: >= 1 and <= MaxPixels,
            Height: >= 1 and <= MaxPixels,
            Channels: >= 1 and <= ImageShape.MaxChannels,
        };
        if (!isImage || (long)Shape.Width * Shape.Height * Shape.Channels > MaxPixels)
            throw new BadInputException(
                $"An image of {Shape} cannot be modelled: sides must be positive, channels 1 to {ImageShape.MaxChannels}, at most "
                + $"{MaxPixels} values in all.");
        if (Hidden.Count > MaxDepth || Hidden.Any(width => width is < 1 or > MaxWidth))
            throw new BadInputException(
                $"Hidden widths [{string.Join(", ", Hidden)}]: each must lie in 1…{MaxWidth}, and there may be at most {MaxDepth}.");
        long between = Hidden.Zip(Hidden.Skip(1), (a, b) => 2L * a * b).Sum();
        if (between > MaxWeights)
            throw new BadInputException(
                $"VaeOptions.Hidden = {string.Join(",", Hidden)} asks for {between} weights and more; at most {MaxWeights} fit. "
                + "Choose smaller widths.");
        if (!Enum.IsDefined(Network) || !Enum.IsDefined(Upsampling))
            throw new BadInputException($"There is no network {Network} with upsampling {Upsampling}.");
        if (ChannelsPerStage.Count is 0 or > MaxStages || ChannelsPerStage.Any(channels => channels is < 1 or > MaxChannels))
            throw new BadInputException(
                $"Channels per stage [{string.Join(", ", ChannelsPerStage)}]: each must lie in 1…{MaxChannels}, in 1…{MaxStages} stages.");
        if (ResidualBlocks is < 0 or > MaxDepth)
            throw new BadInputException($"{ResidualBlocks} residual blocks a stage are out of range; choose 0…{MaxDepth}.");
        if (Upscale is not (1 or 2 or 4) || Shape.Width % Upscale != 0 || Shape.Height % Upscale != 0)
            throw new BadInputException(
                $"A model that enlarges {Upscale} times, to images of {Shape}: choose 2 or 4, and images whose sides are multiples of it.");
        if (!IsQuantized && Latent is < 1 or > MaxWidth)
            throw new BadInputException($"A latent size of {Latent} is out of range; choose 1…{MaxWidth}.");
        if (!Enum.IsDefined(Activation))
            throw new BadInputException(
                $"There is no activation {Activation}; choose one of {string.Join(", ", Enum.GetNames<ActivationKind>())}.");
        if (!Enum.IsDefined(Likelihood))
            throw new BadInputException(
                $"There is no likelihood {Likelihood}; choose one of {string.Join(", ", Enum.GetNames<Likelihood>())}.");
        if (!(Variance is > 0 and < double.PositiveInfinity))
            throw new BadInputException($"A pixel variance of {Variance} is out of range; it must be positive and finite.");
        if (MixtureComponents is < 1 or > MaxMixture)
            throw new BadInputException($"A mixture of {MixtureComponents} components is out of range; choose 1…{MaxMixture}.");
        if (!(Beta is >= 0 and < double.PositiveInfinity))
            throw new BadInputException($"A beta of {Beta} is out of range; it must be finite and not negative.");
        ValidateColumns();
        ValidateCodes();
        ValidateHierarchy();
        ValidateLatent();
        ValidateObjective();
    }

    /// <summary>So that what layers are made of can be counted in an int.</summary>
    private void ValidateColumns()
    {
        if ((long)PixelParameters * Shape.Pixels > MaxColumns)
            throw new BadInputException(
                $"VaeOptions.MixtureComponents = {MixtureComponents} for images of {Shape} takes more than {MaxColumns} columns of the "
                + "decoder. Choose fewer components or smaller images.");
        if (Network != NetworkKind.Convolutional)
            return;
        (long width, long height) = (Shape.Width, Shape.Height);
        foreach (int channels in ChannelsPerStage)
        {
            (width, height) = ((width + 1) / 2, (height + 1) / 2);
            if (width * height * channels > MaxColumns)
                throw new BadInputException(
                    $"VaeOptions.ChannelsPerStage = {string.Join(",", ChannelsPerStage)} makes {width}×{height}×{channels} numbers of an "
                    + $"image; at most {MaxColumns} are possible. Choose fewer channels or smaller images.");
        }
    }

    private void ValidateLatent()
    {
        RequireDefined(Posterior, "posterior");
        RequireDefined(Prior, "prior");
        long columns = 2L * Latent + (long)Latent * (Latent - 1) / 2;
        if (Posterior == Posterior.Full && columns > MaxWidth)
            throw new BadInputException(
                $"A full covariance of {Latent} units takes {columns} columns of the encoder; choose a smaller latent size.");
        if (PriorComponents is < 1 or > MaxComponents)
            throw new BadInputException($"A prior of {PriorComponents} components is out of range; choose 1…{MaxComponents}.");
        if (Prior == Prior.Vamp && Posterior == Posterior.Flow)
            throw new BadInputException(
                "A VampPrior takes the density of its pseudo-inputs' posteriors at every code, and that of a flow is known only at codes "
                + "that it made itself: elsewhere it would have to be inverted, unit by unit, for each pseudo-input. "
                + "Use VaeOptions.Posterior = Diagonal or Full with VaeOptions.Prior = Vamp, or VaeOptions.Prior = Mixture with "
                + "VaeOptions.Posterior = Flow.");
        if (Classes is < 0 or 1 or > MaxClasses)
            throw new BadInputException($"A conditional model of {Classes} classes is out of range; choose 2…{MaxClasses}, or 0 for none.");
        if (LabelNames.Any(name => name is null))
            throw new BadInputException("A label name is missing; give one for each class, or none.");
        if (LabelNames.Count > 0 && LabelNames.Count != Classes)
            throw new BadInputException($"{LabelNames.Count} label names for {Classes} classes; give one for each, or none.");
    }

    private void ValidateObjective()
    {
        RequireDefined(Objective, "objective");
        RequireDefined(Gradient, "gradient");
        if (Samples is < 1 or > MaxSamples)
            throw new BadInputException($"{Samples} samples per image are out of range; choose 1…{MaxSamples}.");
        if (Objective == Objective.Iwae)
        {
            if (Beta != 1)
                throw new BadInputException($"With beta {Beta} the importance-weighted objective bounds nothing; use beta 1 with iwae.");
            if (Gradient != PathGradient.Standard && Posterior == Posterior.Flow)
                throw new BadInputException(
                    "The gradient along the samples alone needs the derivative of log q(z|x) in z, so the inverse of the flow's Jacobian: "
                    + "a pass back through its networks for every latent unit. "
                    + "Use VaeOptions.Gradient = Standard with VaeOptions.Posterior = Flow, or VaeOptions.Posterior = Diagonal or Full.");
        }
        else if (Samples > 1 || Gradient != PathGradient.Standard)
            throw new BadInputException("Several samples per image and the gradients stl and dreg belong to the objective iwae.");
        if (Objective is Objective.Tc or Objective.Mmd && !HasAnalyticKl)
            throw new BadInputException(
                $"The objective {Objective.ToString().ToLowerInvariant()} needs a diagonal posterior and the standard normal prior.");
        if (Objective == Objective.Rae
            && !(Posterior == Posterior.Diagonal && Prior == Prior.Normal && Own?.Prior is null && Upscale == 1))
            throw new BadInputException(
                "The objective rae has codes without noise, so neither a posterior nor a prior of codes. Leave VaeOptions.Posterior, "
                + "VaeOptions.Prior and VaeOptions.Upscale out, or use another VaeOptions.Objective.");
        RequireDefined(DecoderPenalty, "penalty of the decoder");
        if (!(DecoderPenaltyWeight is >= 0 and < double.PositiveInfinity))
            throw new BadInputException(
                $"VaeOptions.DecoderPenaltyWeight = {DecoderPenaltyWeight} is out of range; it must be finite and not negative.");
        if (!(MmdWeight is >= 0 and < double.PositiveInfinity))
            throw new BadInputException(
                $"A weight of {MmdWeight} for the mean discrepancy is out of range; it must be finite and not negative.");
        if (!(FreeBits is >= 0 and < double.PositiveInfinity))
            throw new BadInputException($"{FreeBits} free bits are out of range; give finite nats per unit, or 0 for none.");
        if (!(Capacity is >= 0 and < double.PositiveInfinity))
            throw new BadInputException($"A capacity of {Capacity} is out of range; give finite nats, or 0 for none.");
        if (!(CapacityWeight is > 0 and < double.PositiveInfinity))
            throw new BadInputException($"A capacity weight of {CapacityWeight} is out of range; it must be positive and finite.");
        if ((FreeBits > 0 || Capacity > 0) && !(HasAnalyticKl && Objective == Objective.Elbo))
            throw new BadInputException(
                "Free bits and capacity need the KL term of each unit: posterior diagonal, prior normal and objective elbo.");
        if (FreeBits > 0 && Capacity > 0)
            throw new BadInputException("Free bits and capacity both set a target for the KL term; choose one.");
        if (Capacity > 0 && Beta != 1)
            throw new BadInputException("With a capacity the KL term is weighted by the capacity weight, not by beta; leave beta at 1.");
    }

    /// <summary>Whether the code of an image is one, and no distribution: there is no density q(z|x) then.</summary>
    internal bool HasNoNoise => IsQuantized || Objective == Objective.Rae;

    /// <summary>Whether KL(q(z|x) ‖ p(z)) is known in closed form.</summary>
    internal bool HasAnalyticKl => Posterior == Posterior.Diagonal && Prior == Prior.Normal && Own?.Prior is null && !HasNoNoise;

    private static void RequireDefined<T>(T value, string what)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
            throw new BadInputException($"There is no {what} {value}; choose one of {string.Join(", ", Enum.GetNames<T>())}.");
    }
}
