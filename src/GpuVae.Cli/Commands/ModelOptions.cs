using System.CommandLine;
using System.Globalization;
using GpuVae.Data;
using GpuVae.Kernels.Latent;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Cli.Commands;

/// <summary>The options that decide a model's architecture and objective.</summary>
internal sealed class ModelOptions
{
    private static readonly VaeOptions Defaults = new();

    private readonly Option<int> latent = CommonOptions.Number(
        "--latent", "N", "Units of the latent code.", Defaults.Latent, NumberRange.Between(1, VaeOptions.MaxWidth));

    private readonly ChoiceOption<NetworkKind> network = new(
        "--model", "What encoder and decoder are made of: linear layers (dense), or convolutions and some linear layers.",
        Defaults.Network);

    private readonly Option<string?> hidden = CommonOptions.Text(
        "--hidden", "N,N,…",
        "Widths of the encoder's hidden linear layers, from the image or the convolutions on; the decoder mirrors them. " +
            $"Each from 1 to {VaeOptions.MaxWidth}. Default: {string.Join(',', Defaults.Hidden)}, or " +
            $"{string.Join(',', new VaeOptions { Network = NetworkKind.Convolutional }.Hidden)} after convolutions.");

    private readonly Option<string> channels = new("--channels-per-stage")
    {
        Description = "Of a convolutional model: channels of the stages, each of which halves the image; from 1 to 8 stages.",
        HelpName = "N,N,…",
        DefaultValueFactory = _ => string.Join(',', Defaults.ChannelsPerStage),
    };

    private readonly Option<int> residual = CommonOptions.Number(
        "--residual", "N", "Of a convolutional model: residual blocks per stage.", Defaults.ResidualBlocks,
        NumberRange.Between(0, VaeOptions.MaxDepth));

    private readonly Option<bool> groupNorm = CommonOptions.Flag(
        "--group-norm", "Of a convolutional model: group normalisation after the convolutions.");

    private readonly ChoiceOption<UpsamplingKind> upsampling = new(
        "--upsampling", "Of a convolutional model: how the decoder enlarges.", Defaults.Upsampling);

    private readonly ChoiceOption<ActivationKind> activation = new(
        "--activation", "Function applied after every hidden layer.", Defaults.Activation);

    private readonly ChoiceOption<Likelihood> likelihood = new(
        "--likelihood", "Distribution of a pixel given the code; it decides the reconstruction term.", Defaults.Likelihood);

    private readonly Option<double> variance = CommonOptions.Number(
        "--variance", "V", "Pixel variance of the Gaussian likelihood; where it is learned, its start.", Defaults.Variance,
        NumberRange.Positive);

    private readonly Option<int> mixture = CommonOptions.Number(
        "--mixture-components", "K", "Components of the likelihood logistic-mixture.", Defaults.MixtureComponents,
        NumberRange.Between(1, VaeOptions.MaxMixture));

    private readonly ChoiceOption<Posterior> posterior = new(
        "--posterior", "Family of q(z|x): independent units, any covariance, or an inverse autoregressive flow.", Defaults.Posterior);

    private readonly Option<int> upscale = CommonOptions.Number(
        "--upscale", "N", "For 'gpuvae upscale': show the encoder the images reduced so many times, and teach the decoder to enlarge them; "
            + "1 is a usual model.", Defaults.Upscale, NumberRange.OneOf(1, 2, 4));

    private readonly ChoiceOption<Prior> prior = new(
        "--prior",
        "What codes are drawn from: the standard normal, a learned mixture, or the posteriors of learned images (not with a flow).",
        Defaults.Prior);

    private readonly Option<int> components = CommonOptions.Number(
        "--components", "K", "Components of the mixture prior, or learned images of the vamp prior.", Defaults.PriorComponents,
        NumberRange.Between(1, VaeOptions.MaxComponents));

    private readonly ChoiceOption<Objective> objective = new(
        "--objective", "The bound (elbo), the importance-weighted bound (iwae), or the bound with total correlation weighted by beta (tc).",
        Defaults.Objective);

    private readonly Option<int> samples = CommonOptions.Number(
        "--samples", "K", "Samples per image of iwae.", Defaults.Samples, NumberRange.Between(1, VaeOptions.MaxSamples));

    private readonly ChoiceOption<PathGradient> gradient = new(
        "--gradient", "How iwae's gradient reaches the encoder: all of it, or along the samples alone (stl, dreg; not with a flow).",
        Defaults.Gradient);

    private readonly Option<double> beta = CommonOptions.Number(
        "--beta", "B", "Weight of the KL term, or of the total correlation.", Defaults.Beta, NumberRange.AtLeast(0.0));

    private readonly Option<double> freeBits = CommonOptions.Number(
        "--free-bits", "NATS", "Nats that each latent unit may use without being pressed; 0 for none.", Defaults.FreeBits,
        NumberRange.AtLeast(0.0));

    private readonly Option<double> capacity = CommonOptions.Number(
        "--capacity", "NATS", "Nats that the KL term is drawn to, rising over --kl-warmup epochs; 0 for none.", Defaults.Capacity,
        NumberRange.AtLeast(0.0));

    private readonly Option<double> capacityWeight = CommonOptions.Number(
        "--capacity-weight", "G", "How hard the KL term is drawn to --capacity.", Defaults.CapacityWeight, NumberRange.Positive);

    private readonly Option<bool> conditional = CommonOptions.Flag(
        "--conditional",
        "Tell encoder and decoder the label of every image; 'generate', 'inpaint' and 'upscale --label' can then ask for one.");

    private Option[] All =>
    [
        latent, upscale, network, hidden, channels, residual, groupNorm, upsampling, activation, likelihood, variance, mixture, posterior, prior,
        components, objective, samples, gradient, beta, freeBits, capacity, capacityWeight, conditional,
    ];

    public void AddTo(ExampleCommand command) => command.Add("Model", All);

    /// <summary>The options that the user wrote, by name.</summary>
    public IEnumerable<string> Given(ParseResult parsed) =>
        All.Where(option => CommonOptions.IsGiven(parsed, option)).Select(option => option.Name);

    /// <summary>The options for images of the default shape; the data decides the real one.</summary>
    /// <exception cref="BadInputException">A value is out of range.</exception>
    public VaeOptions Read(ParseResult parsed)
    {
        var options = new VaeOptions
        {
            Latent = parsed.GetValue(latent),
            Upscale = parsed.GetValue(upscale),
            Network = network.Read(parsed),
            ChannelsPerStage = ReadWidths("--channels-per-stage", parsed.GetValue(channels)!),
            ResidualBlocks = parsed.GetValue(residual),
            GroupNorm = parsed.GetValue(groupNorm),
            Upsampling = upsampling.Read(parsed),
            Activation = activation.Read(parsed),
            Likelihood = likelihood.Read(parsed),
            Variance = parsed.GetValue(variance),
            MixtureComponents = parsed.GetValue(mixture),
            Posterior = posterior.Read(parsed),
            Prior = prior.Read(parsed),
            PriorComponents = parsed.GetValue(components),
            Objective = objective.Read(parsed),
            Samples = parsed.GetValue(samples),
            Gradient = gradient.Read(parsed),
            Beta = parsed.GetValue(beta),
            FreeBits = parsed.GetValue(freeBits),
            Capacity = parsed.GetValue(capacity),
            CapacityWeight = parsed.GetValue(capacityWeight),
        };
        if (parsed.GetValue(hidden) is { } widths)
            options = options with { Hidden = ReadWidths("--hidden", widths) };
        options.Validate();
        RefuseIdle(parsed, options);
        return options;
    }

    /// <summary>Options that would change nothing are refused: whoever wrote them expects something else.</summary>
    private void RefuseIdle(ParseResult parsed, VaeOptions options)
    {
        bool isConvolutional = options.Network == NetworkKind.Convolutional;
        bool hasVariance = options.Likelihood is Likelihood.Gaussian or Likelihood.GaussianShared or Likelihood.Laplace;
        (Option Option, bool Works, string Needs)[] conditions =
        [
            (channels, isConvolutional, "--model convolutional"),
            (residual, isConvolutional, "--model convolutional"),
            (groupNorm, isConvolutional, "--model convolutional"),
            (upsampling, isConvolutional, "--model convolutional"),
            (variance, hasVariance, "--likelihood gaussian, gaussian-shared or laplace"),
            (mixture, options.Likelihood == Likelihood.LogisticMixture, "--likelihood logistic-mixture"),
            (components, options.Prior != Prior.Normal, "--prior mixture or vamp"),
            (capacityWeight, options.Capacity > 0, "--capacity"),
        ];
        foreach ((Option option, bool works, string needs) in conditions)
        {
            if (!works && CommonOptions.IsGiven(parsed, option))
                throw new BadInputException($"{option.Name} changes nothing without {needs}. Add that, or leave {option.Name} out.");
        }
    }

    /// <summary>The options for a set of images: their shape and, for a conditional model, their labels.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">What was read from it.</param>
    /// <param name="images">The training set.</param>
    /// <param name="hasDomains">Whether the labels are domains: then the model is conditional in any case.</param>
    /// <exception cref="BadInputException">The model is to be conditional, and the images have no labels or only one.</exception>
    public VaeOptions For(ParseResult parsed, VaeOptions options, ImageSet images, bool hasDomains)
    {
        options = options with { Shape = ImageShape.Of(images) };
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

    private static int[] ReadWidths(string option, string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        int[] widths = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out widths[i]))
                throw new BadInputException($"{option} {text}: '{parts[i]}' is no positive whole number; write widths like 512,256.");
        }
        return widths;
    }
}
