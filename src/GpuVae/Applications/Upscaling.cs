using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Kernels.Common;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;

namespace GpuVae.Applications;

/// <summary>
/// Enlarges images two or four times: by the code whose decoded image, reduced, matches the input (Menon et al., "PULSE", 2020), under the
/// prior, found by gradient steps from where the encoder puts the bicubically enlarged input, or, in a model that was trained for it
/// (<see cref="VaeOptions.Upscale"/>), the input. Reduction is the mean over blocks of pixels. The
/// result, reduced, is the input: what the decoder still lacks is added block by block.
/// </summary>
/// <remarks>
/// A conditional model is told a label for each image. Without one it takes that with which it reconstructs the enlarged input best:
/// reduced, closest to the input by the squared error, as <see cref="LabelGuess"/> does for whole images.
/// </remarks>
public static class Upscaling
{
    // Larger inputs are worked through in parts of this many images at most.
    private const int LargestBatch = 512;

    /// <summary>The shape of what is enlarged to <paramref name="shape"/>.</summary>
    /// <exception cref="BadInputException">The factor is neither 2 nor 4, or the shape is no multiple of it.</exception>
    public static ImageShape SmallShape(ImageShape shape, int factor)
    {
        if (factor is not (2 or 4))
            throw new BadInputException($"A factor of {factor}: choose 2 or 4.");
        return shape.Width % factor == 0 && shape.Height % factor == 0
            ? shape with { Width = shape.Width / factor, Height = shape.Height / factor }
            : throw new BadInputException(
                $"Images of {shape} are no {factor} times as large as others: their sides are no multiples of {factor}.");
    }

    /// <summary>The enlarged images.</summary>
    /// <param name="model">Of the large images.</param>
    /// <param name="small">[n, small pixels] in [0, 1], of <see cref="SmallShape"/>.</param>
    /// <param name="factor">2 or 4.</param>
    /// <param name="options">Or null for the defaults.</param>
    /// <param name="progress">Told how many images are done.</param>
    /// <param name="labels">[n] of a conditional model, which otherwise guesses them.</param>
    /// <param name="cancellation">Asks to stop before the next step.</param>
    /// <returns>[n, pixels] in [0, 1].</returns>
    /// <exception cref="BadInputException">The factor does not fit the model, or the labels do not fit it or the images.</exception>
    /// <exception cref="ArgumentException">
    /// There is no image, the length is no whole number of images, or a value is not in [0, 1].
    /// </exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static float[] Enlarge(
        Vae model, ReadOnlySpan<float> small, int factor, UpscalingOptions? options = null, Action<int>? progress = null,
        ReadOnlySpan<int> labels = default, CancellationToken cancellation = default)
    {
        options ??= new UpscalingOptions();
        ImageShape shape = model.Options.Shape, smallShape = SmallShape(shape, factor);
        int pixels = shape.Pixels, smallPixels = smallShape.Pixels, latent = model.Options.Latent;
        if (small.IsEmpty || small.Length % smallPixels != 0)
            throw new ArgumentException($"{small.Length} values are no whole number of images of {smallShape}.", nameof(small));
        if (!(options.Deviation is > 0 and < double.PositiveInfinity))
            throw new BadInputException(
                $"A deviation of {options.Deviation} is out of range; it must be positive and finite.");
        InputCheck.RequireImages(small, model.Options.Likelihood);
        int count = small.Length / smallPixels, batch = Math.Min(count, LargestBatch);
        bool isGuessed = model.Options.Classes > 0 && labels.IsEmpty;
        if (!isGuessed)
            model.Labels.RequireCount(labels.Length, count);
        model.Labels.RequireKnown(labels);
        var reduction = new PoolShape(shape.Width, shape.Height, shape.Channels, factor);
        float[] codes = new float[batch * latent], variances = new float[batch * latent];
        // An encoder of reduced images takes the means of blocks, which are then the input itself, and leaves nothing to search for.
        bool isTrainedForIt = model.Options.Upscale == factor;
        float[] results = new float[checked(count * pixels)];
        using DeviceGate.Scope scope = model.Device.Enter("Upscaling.Enlarge");
        using MemoryBuffer1D<float, Stride1D.Dense> given = model.Device.Accelerator.Allocate1D<float>((long)batch * smallPixels);
        using LatentSearch? search = isTrainedForIt ? null : new LatentSearch(
            model, batch, (context, decoded) => Loss(model, context, decoded, given.View, reduction, options.Deviation), seed: 0);
        for (int first = 0; first < count; first += batch)
        {
            // The last part overlaps the one before it: the schedule is for full ones.
            int from = Math.Min(first, count - batch);
            ReadOnlySpan<float> part = small.Slice(from * smallPixels, batch * smallPixels);
            Span<float> result = results.AsSpan(from * pixels, batch * pixels);
            float[] enlarged = isTrainedForIt
                ? Enlargement.Repeat(part, smallShape, factor)
                : Enlargement.Bicubic(part, smallShape, factor);
            ReadOnlySpan<int> labelsOfPart = isGuessed ? GuessLabels(model, enlarged, part.ToArray(), factor, cancellation)
                : labels.IsEmpty ? labels : labels.Slice(from, batch);
            model.Encode(enlarged, codes, variances, labelsOfPart, cancellation);
            if (search is not null)
            {
                given.View.BaseView.CopyFromCPU(model.Device.Stream, part);
                for (int i = 0; i < variances.Length; i++)
                    variances[i] = MathF.Exp(Math.Clamp(variances[i], -10, 0));
                search.Start(codes, variances, labelsOfPart, from);
                search.Run(options.Steps, temperature: 0, adapts: true, cancellation);
                search.ReadCodes(codes);
            }
            model.Decode(codes, result, labelsOfPart, cancellation);
            Enlargement.Match(result, part, reduction);
            progress?.Invoke(from + batch);
        }
        return results;
    }

    private static int[] GuessLabels(Vae model, float[] enlarged, float[] small, int factor, CancellationToken cancellation)
    {
        ImageShape shape = model.Options.Shape;
        float[] reconstructions = new float[enlarged.Length];
        return LabelGuess.Best(model.Options.Classes, enlarged.Length / shape.Pixels, labels =>
        {
            model.Reconstruct(enlarged, reconstructions, labels, cancellation);
            return LabelGuess.Distances(small, Enlargement.Reduce(reconstructions, shape, factor), SmallShape(shape, factor).Pixels);
        });
    }

    private static (PlannedTensor Loss, PlannedTensor Gradient) Loss(
        Vae model, LayerContext context, PlannedTensor decoded, ArrayView<float> small, PoolShape reduction, double deviation)
    {
        ImageLikelihood likelihood = model.Parts.Likelihood;
        PlannedTensor loss = context.Builder.Tensor("loss of the reduced images", decoded.Rows, 1);
        ArrayView<float> shared = likelihood.SharedIn(context.Values);
        float precision = (float)(1 / (deviation * deviation));
        context.Builder.Add(
            "loss of the reduced images + gradient", 20.0 * decoded.Length, 8.0 * decoded.Length, [decoded, loss],
            stream => likelihood.Kernels.DifferentiateReduced(
                stream, decoded.View, small, shared, loss.View, likelihood.Layout, reduction, precision));
        return (loss, decoded);
    }
}
