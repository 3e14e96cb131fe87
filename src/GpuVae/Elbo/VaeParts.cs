using GpuVae.Devices;
using GpuVae.Latent;
using GpuVae.Layers;

namespace GpuVae.Elbo;

/// <summary>
/// What a variational autoencoder is made of: two networks, three distributions and perhaps discrete codes, without their weights.
/// </summary>
internal sealed class VaeParts
{
    public VaeParts(VaeOptions options, DeviceKernels kernels, GivenParts given)
    {
        (Options, Given) = (options, given);
        (Encoder, Decoder) = (given.MakeEncoder(options), given.MakeDecoder(options));
        Posterior = PosteriorSampler.Create(options, Decoder);
        Prior = given.MakePrior(options);
        Codes = given.MakeCodes(options);
        Likelihood = new ImageLikelihood(
            options, Decoder, Codes, given.Likelihood is { } own ? kernels.LikelihoodOf(own) : kernels.LikelihoodOf(options));
    }

    public VaeOptions Options { get; }

    /// <summary>What is not made from the options.</summary>
    public GivenParts Given { get; }

    public Network Encoder { get; }

    public Network Decoder { get; }

    /// <summary>q(z|x).</summary>
    public PosteriorSampler Posterior { get; }

    /// <summary>p(z).</summary>
    public PriorDensity Prior { get; }

    /// <summary>The discrete codes between the networks; null where there are none.</summary>
    public CodeGrids? Codes { get; }

    /// <summary>p(x|z).</summary>
    public ImageLikelihood Likelihood { get; }

    /// <summary>Names and shapes of all parameters, in PyTorch's layouts, before anything is allocated for them.</summary>
    /// <exception cref="BadInputException">There are too many.</exception>
    public static IReadOnlyList<(string Name, int[] Shape)> ShapesOf(VaeOptions options, GivenParts given)
    {
        Network decoder = given.MakeDecoder(options);
        (string Name, int[] Shape)[] shapes =
        [
            .. given.MakeEncoder(options).ParameterShapes, .. decoder.ParameterShapes,
            .. PosteriorSampler.Create(options, decoder).ParameterShapes, .. given.MakePrior(options).ParameterShapes,
            .. given.SharedOf(options) is var (name, _) ? [(name, [1])] : Array.Empty<(string, int[])>(),
            .. given.MakeCodes(options)?.ParameterShapes ?? [],
            .. options.Centered ? [(CenteredInput.MeanName, [options.Shape.Pixels])] : Array.Empty<(string, int[])>(),
        ];
        (string largest, int[] extents) = shapes.MaxBy(parameter => Count(parameter.Shape));
        double count = shapes.Sum(parameter => Count(parameter.Shape));
        return count <= VaeOptions.MaxWeights
            ? shapes
            : throw new BadInputException(
                $"The options ask for {count:F0} weights, most of them in {largest} [{string.Join(", ", extents)}]; at most "
                + $"{VaeOptions.MaxWeights} fit. Choose smaller images, VaeOptions.Hidden, VaeOptions.ChannelsPerStage, VaeOptions.Latent "
                + "or VaeOptions.PriorComponents.");

        static double Count(int[] shape) => shape.Aggregate(1.0, (product, extent) => product * extent);
    }

    /// <summary>
    /// Makes the store of all parameters, with initial values drawn from <paramref name="seed"/>; without one they are to be read.
    /// </summary>
    public ParameterStore CreateParameters(ComputeDevice device, ulong? seed)
    {
        var store = new ParameterStore(device, ShapesOf(Options, Given));
        try
        {
            Encoder.Attach(store);
            Decoder.Attach(store);
            if (seed is { } start)
                Initialization.Fill(store, start);
            foreach (CustomLayerSteps layer in Encoder.Layers.Concat(Decoder.Layers).OfType<CustomLayerSteps>())
                layer.Initialize(store);
            Posterior.Attach(store);
            Prior.Attach(store, seed ?? 0);
            Likelihood.Attach(store);
            Codes?.Attach(store);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }
}
