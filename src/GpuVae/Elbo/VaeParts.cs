using GpuVae.Devices;
using GpuVae.Latent;
using GpuVae.Layers;

namespace GpuVae.Elbo;

/// <summary>What a variational autoencoder is made of: two networks and three distributions, without their weights.</summary>
internal sealed class VaeParts
{
    public VaeParts(VaeOptions options, DeviceKernels kernels)
    {
        Options = options;
        (Encoder, Decoder) = (Networks.Encoder(options), Networks.Decoder(options));
        Posterior = PosteriorSampler.Create(options);
        Prior = PriorDensity.Create(options);
        Likelihood = new ImageLikelihood(options, Decoder, kernels.LikelihoodOf(options));
    }

    public VaeOptions Options { get; }

    public Network Encoder { get; }

    public Network Decoder { get; }

    /// <summary>q(z|x).</summary>
    public PosteriorSampler Posterior { get; }

    /// <summary>p(z).</summary>
    public PriorDensity Prior { get; }

    /// <summary>p(x|z).</summary>
    public ImageLikelihood Likelihood { get; }

    /// <summary>Makes the store of all parameters, with initial values drawn from <paramref name="seed"/>.</summary>
    public ParameterStore CreateParameters(ComputeDevice device, ulong seed)
    {
        var store = new ParameterStore(
            device,
            [
                .. Encoder.ParameterShapes, .. Decoder.ParameterShapes, .. Posterior.ParameterShapes, .. Prior.ParameterShapes,
                .. Likelihood.ParameterShapes,
            ]);
        try
        {
            Encoder.Attach(store);
            Decoder.Attach(store);
            Initialization.Fill(store, seed);
            Posterior.Attach(store);
            Prior.Attach(store, seed);
            Likelihood.Attach(store);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }
}
