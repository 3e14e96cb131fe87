using System.Numerics.Tensors;
using GpuVae.Devices;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Elbo;

/// <summary>p(x|z): the distribution of an image that the decoder's output describes.</summary>
internal sealed class ImageLikelihood(
    VaeOptions options, Network decoder, CodeGrids? grids, DecoderLikelihood likelihood)
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
    /// Lets the decoder give about <paramref name="mean"/>, [pixels] planar, whatever the code, by the biases of its last layer.
    /// </summary>
    public void StartFrom(ParameterStore store, ReadOnlySpan<float> mean)
    {
        Parameter bias = store[$"{decoder.Layers[^1].Name}.bias"];
        float[] values = store.Read(bias);
        // Pixels, or of a convolution channels; number by number.
        int places = bias.Length / options.PixelParameters, pixels = mean.Length / places;
        (int first, int count) = options.Likelihood == Likelihood.LogisticMixture
            ? (options.MixtureComponents, options.MixtureComponents)
            : (0, 1);
        for (int place = 0; place < places; place++)
        {
            float ofPlace = LocationOf(TensorPrimitives.Average(mean.Slice(place * pixels, pixels)));
            for (int number = first; number < first + count; number++)
                values[number * places + place] += ofPlace;
        }
        store.Write(bias, values);
    }

    /// <summary>
    /// The number that all pixels share, one element of a buffer laid out like <see cref="ParameterStore.Values"/>; empty where there is
    /// none.
    /// </summary>
    public ArrayView<float> SharedIn(ArrayView<float> flat) => shared is null ? default : ParameterStore.Slice(flat, shared);

    /// <summary>
    /// Appends the way from codes [rows, L], or from what discrete ones are made of, to the means of p(x|z), [rows, pixels].
    /// </summary>
    public void AppendMeans(LayerContext context, PlannedTensor codes, PlannedTensor images) =>
        AppendMeansOfCodes(context, grids?.Forward(context, LayerOutput.Of(codes)).DecoderInput ?? codes, images);

    /// <summary>The same of what is a discrete code already: rounded again, a level would become another.</summary>
    public void AppendMeansOfCodes(LayerContext context, PlannedTensor codes, PlannedTensor images)
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

    /// <summary>What a pixel's location must be for its distribution to have this mean.</summary>
    private float LocationOf(float mean)
    {
        // Pixels that are always black or white would have infinite logits.
        const double margin = 1.0 / 512;
        double m = Math.Clamp(mean, margin, 1 - margin);
        return (float)(options.Likelihood switch
        {
            Likelihood.Bernoulli => Math.Log(m / (1 - m)),
            Likelihood.ContinuousBernoulli => ContinuousLogit(m),
            Likelihood.DiscretizedLogistic or Likelihood.LogisticMixture => 2 * mean - 1,
            _ => mean,
        });
    }

    /// <summary>The logit with which the continuous Bernoulli's mean, 1/(1 - e^-y) - 1/y, is <paramref name="mean"/>.</summary>
    private static double ContinuousLogit(double mean)
    {
        (double low, double high) = (-1000, 1000);
        for (int i = 0; i < 50; i++)
        {
            double y = 0.5 * (low + high), ofMiddle = Math.Abs(y) < 1e-3 ? 0.5 + y / 12 : -1 / double.ExpM1(-y) - 1 / y;
            (low, high) = ofMiddle < mean ? (y, high) : (low, y);
        }
        return low;
    }
}
