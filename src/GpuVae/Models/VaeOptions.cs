
namespace GpuVae.Models;

/// <summary>
/// The architecture and the objective of a <c>Vae</c>. The defaults are the seed article's model on 28×28 grey images:
/// 784-512-256-2·20 and 20-256-512-784 with ReLU, Bernoulli likelihood, beta 1. Convolutional networks are described in
/// <see cref="NetworkKind"/>.
/// </summary>
public sealed record VaeOptions
{
    private const int MaxWidth = 1 << 16, MaxDepth = 32, MaxPixels = 1 << 24, MaxStages = 8, MaxChannels = 4096, MaxMixture = 100;

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

    /// <summary>Units of the latent code z.</summary>
    public int Latent { get; init; } = 20;

    /// <summary>Applied after every hidden layer.</summary>
    public ActivationKind Activation { get; init; } = ActivationKind.Relu;

    public Likelihood Likelihood { get; init; } = Likelihood.Bernoulli;

    /// <summary>
    /// The pixel variance of <see cref="Likelihood.Gaussian"/>, and that from which <see cref="Likelihood.GaussianShared"/> and
    /// <see cref="Likelihood.Laplace"/> start to learn theirs; the others do not use it.
    /// </summary>
    public double Variance { get; init; } = 0.1;

    /// <summary>Components of <see cref="Likelihood.LogisticMixture"/>; the others do not use it.</summary>
    public int MixtureComponents { get; init; } = 5;

    /// <summary>Weight of the KL term (Higgins et al., "beta-VAE", 2017); 1 is the evidence lower bound.</summary>
    public double Beta { get; init; } = 1;

    /// <summary>Numbers that the decoder gives per pixel and channel.</summary>
    internal int PixelParameters => Likelihood switch
    {
        Likelihood.GaussianLearned or Likelihood.DiscretizedLogistic => 2,
        Likelihood.LogisticMixture => 3 * MixtureComponents,
        _ => 1,
    };

    /// <summary>Columns of the decoder's last layer.</summary>
    internal int DecoderOutputs => PixelParameters * Shape.Pixels;

    /// <summary>Layer widths of the encoder, input and output included: pixels, hidden …, 2 · latent.</summary>
    internal int[] EncoderWidths => [Shape.Pixels, .. Hidden, 2 * Latent];

    /// <summary>Layer widths of the decoder, input and output included: latent, hidden … reversed, outputs.</summary>
    internal int[] DecoderWidths => [Latent, .. Hidden.Reverse(), DecoderOutputs];

    /// <exception cref="BadInputException">A value is out of range; the message names the option and the range.</exception>
    public void Validate()
    {
        bool isImage = Shape is { Width: >= 1, Height: >= 1, Channels: 1 or 3 };
        if (!isImage || (long)Shape.Width * Shape.Height * Shape.Channels > MaxPixels)
            throw new BadInputException(
                $"An image of {Shape} cannot be modelled: sides must be positive, channels 1 or 3, at most {MaxPixels} values in all.");
        if (Hidden.Count > MaxDepth || Hidden.Any(width => width is < 1 or > MaxWidth))
            throw new BadInputException(
                $"Hidden widths [{string.Join(", ", Hidden)}]: each must lie in 1…{MaxWidth}, and there may be at most {MaxDepth}.");
        if (!Enum.IsDefined(Network) || !Enum.IsDefined(Upsampling))
            throw new BadInputException($"There is no network {Network} with upsampling {Upsampling}.");
        if (ChannelsPerStage.Count is 0 or > MaxStages || ChannelsPerStage.Any(channels => channels is < 1 or > MaxChannels))
            throw new BadInputException(
                $"Channels per stage [{string.Join(", ", ChannelsPerStage)}]: each must lie in 1…{MaxChannels}, in 1…{MaxStages} stages.");
        if (ResidualBlocks is < 0 or > MaxDepth)
            throw new BadInputException($"{ResidualBlocks} residual blocks a stage are out of range; choose 0…{MaxDepth}.");
        if (Latent is < 1 or > MaxWidth)
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
    }

    /// <summary>What makes weights of the two options incompatible, for messages; null where they fit.</summary>
    internal string? ArchitectureDifference(VaeOptions other)
    {
        if (Shape != other.Shape)
            return $"images of {Shape} against {other.Shape}";
        if (Network != other.Network)
            return $"a {Network} network against a {other.Network} one".ToLowerInvariant();
        if (Network == NetworkKind.Convolutional)
        {
            if (!ChannelsPerStage.SequenceEqual(other.ChannelsPerStage))
                return $"channels [{string.Join(", ", ChannelsPerStage)}] against [{string.Join(", ", other.ChannelsPerStage)}]";
            if (ResidualBlocks != other.ResidualBlocks)
                return $"{ResidualBlocks} residual blocks a stage against {other.ResidualBlocks}";
            if (GroupNorm != other.GroupNorm || Upsampling != other.Upsampling)
                return $"group normalisation {GroupNorm}, upsampling {Upsampling} against {other.GroupNorm}, {other.Upsampling}";
        }
        if (!Hidden.SequenceEqual(other.Hidden))
            return $"hidden widths [{string.Join(", ", Hidden)}] against [{string.Join(", ", other.Hidden)}]";
        if (Latent != other.Latent)
            return $"a latent size of {Latent} against {other.Latent}";
        if (Activation != other.Activation)
            return $"the activation {Activation} against {other.Activation}";
        if (Likelihood == Likelihood.LogisticMixture && Likelihood == other.Likelihood && MixtureComponents != other.MixtureComponents)
            return $"a mixture of {MixtureComponents} components against {other.MixtureComponents}";
        return Likelihood != other.Likelihood ? $"the likelihood {Likelihood} against {other.Likelihood}" : null;
    }
}
