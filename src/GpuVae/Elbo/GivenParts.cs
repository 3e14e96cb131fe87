using GpuVae.Devices;
using GpuVae.Latent;
using GpuVae.Layers;

namespace GpuVae.Elbo;

/// <summary>What the caller gives in the place of parts that the options would make; null for none.</summary>
internal sealed record GivenParts(
    PixelLikelihood? Likelihood = null, CodePrior? Prior = null, Activation? Activation = null, IReadOnlyList<LayerSpec>? Encoder = null,
    IReadOnlyList<LayerSpec>? Decoder = null)
{
    /// <summary>The options with the names of what is given, checked.</summary>
    /// <exception cref="BadInputException">
    /// The options are out of range, or those of a model with parts of its own that are not the given ones.
    /// </exception>
    public VaeOptions NamedIn(VaeOptions options)
    {
        OwnParts? own = this == new GivenParts() ? null : new OwnParts
        {
            Likelihood = Likelihood?.Name,
            PixelParameters = Likelihood?.Columns ?? 0,
            Prior = Prior?.Name,
            // One of the built-in functions is an option.
            Activation = Activation is { Kind: null } ? Activation.Name : null,
            Encoder = Encoder is null ? null : string.Join(", ", Encoder),
            Decoder = Decoder is null ? null : string.Join(", ", Decoder),
        };
        if (own == new OwnParts())
            own = null;
        if (options.Own is { } wanted && wanted != own)
            throw new BadInputException(
                $"These are the options of a model with parts of its own ({wanted}), and what was given is {own?.ToString() ?? "none"}. "
                + "Give the constructor of Vae the same parts, then call LoadWeights.");
        options = options with { Own = own, Activation = Activation?.Kind ?? options.Activation };
        options.Validate();
        return options;
    }

    public Network MakeEncoder(VaeOptions options) =>
        Encoder is null ? Networks.Encoder(options, ActivationOf(options)) : NetworkBuilder.Encoder(options, Encoder);

    public Network MakeDecoder(VaeOptions options) =>
        Decoder is null ? Networks.Decoder(options, ActivationOf(options)) : NetworkBuilder.Decoder(options, Decoder);

    public CodeGrids? MakeCodes(VaeOptions options) => CodeGrids.Create(options, ActivationOf(options));

    public PriorDensity MakePrior(VaeOptions options) => Prior?.Create(options.Latent) ?? PriorDensity.Create(options);

    public (string Name, float Start)? SharedOf(VaeOptions options) =>
        Likelihood is null ? DecoderLikelihood.SharedOf(options) : Likelihood.Shared;

    private Activation ActivationOf(VaeOptions options) => Activation ?? Devices.Activation.Of(options.Activation);
}
