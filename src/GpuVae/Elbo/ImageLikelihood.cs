using GpuVae.Devices;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Elbo;

/// <summary>p(x|z): the distribution of an image that the decoder's output describes.</summary>
internal sealed class ImageLikelihood(VaeOptions options, Network decoder, DecoderLikelihood likelihood)
{
    private Parameter? shared;

    public Network Decoder => decoder;

    /// <summary>On the decoder's output.</summary>
    public LikelihoodKernels Kernels => likelihood.Kernels;

    /// <summary>See <see cref="DecoderLikelihood.FusedLoss"/>.</summary>
    public FusedLoss? FusedLoss => likelihood.FusedLoss;

    /// <summary>Whether all pixels share a number that is learned.</summary>
    public bool HasShared => shared is not null;

    /// <summary>The order of the decoder's columns.</summary>
    public PixelLayout Layout { get; } = decoder.Layers[^1] is Linear
        ? PixelLayout.Planar(options.Shape.Pixels)
        : PixelLayout.ChannelsLast(options.Shape.Width * options.Shape.Height, options.Shape.Channels, options.PixelParameters);

    /// <summary>Gives the shared number its start.</summary>
    public void Attach(ParameterStore store)
    {
        if (likelihood.Shared is not var (name, start))
            return;
        shared = store[name];
        store.Write(shared, [start]);
    }

    /// <summary>
    /// The number that all pixels share, one element of a buffer laid out like <see cref="ParameterStore.Values"/>; empty where there is
    /// none.
    /// </summary>
    public ArrayView<float> SharedIn(ArrayView<float> flat) => shared is null ? default : ParameterStore.Slice(flat, shared);

    /// <summary>Appends the way from codes [rows, L] to the means of p(x|z), [rows, pixels].</summary>
    public void AppendMeans(LayerContext context, PlannedTensor codes, PlannedTensor images)
    {
        if (likelihood.MeanIsColumn && decoder.Layers[^1] is Linear)
        {
            decoder.Infer(context, codes, images, likelihood.MeanActivation);
            return;
        }
        PlannedTensor decoded = context.Builder.Tensor("decoder output", codes.Rows, decoder.Outputs);
        decoder.Infer(context, codes, decoded, null);
        ArrayView<float> ofAll = SharedIn(context.Values);
        context.Builder.Add(
            "means", 20.0 * decoded.Length, 4.0 * (decoded.Length + images.Length), [decoded, images],
            stream => Kernels.Means(stream, decoded.View, ofAll, images.View, Layout));
    }
}
