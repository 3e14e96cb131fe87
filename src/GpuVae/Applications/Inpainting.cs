using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;

namespace GpuVae.Applications;

/// <summary>
/// Fills hidden parts of images with what a model thinks of: by the posterior of the code given the seen pixels, p(z | seen) ∝ p(seen | z)
/// p(z). Searches start where alternating encoding and decoding leads to (pseudo-Gibbs: Rezende, Mohamed and Wierstra, "Stochastic
/// Backpropagation", 2014, appendix F), which Langevin steps then correct. Seen pixels come back as they are.
/// </summary>
/// <remarks>
/// A conditional model is told a label for each image. Without one it takes that with which its reconstruction, by alternating as above,
/// comes closest to the seen pixels by the squared error, as <see cref="LabelGuess"/> does for whole images.
/// </remarks>
public static class Inpainting
{
    // Larger inputs are worked through in parts of this many rows at most.
    private const int LargestBatch = 512;

    /// <summary>The most probable completion of each image: the mean of p(x | z) for the z that maximises p(z | seen).</summary>
    /// <param name="model">The model.</param>
    /// <param name="images">[n, pixels] in [0, 1]; what hidden pixels hold does not matter.</param>
    /// <param name="mask">What is hidden, in all images.</param>
    /// <param name="options">Or null for the defaults.</param>
    /// <param name="progress">Told how many images are done.</param>
    /// <param name="labels">[n] of a conditional model, which otherwise guesses them.</param>
    /// <param name="cancellation">Asks to stop before the next step.</param>
    /// <returns>[n, pixels].</returns>
    /// <exception cref="BadInputException">
    /// The mask has another size than the images or hides nothing, or the labels do not fit the images or the model.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// There is no image, the length is no whole number of images, or a seen pixel is not in [0, 1].
    /// </exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static float[] Complete(
        Vae model, ReadOnlySpan<float> images, Mask mask, InpaintingOptions? options = null, Action<int>? progress = null,
        ReadOnlySpan<int> labels = default, CancellationToken cancellation = default) =>
        Run(model, images, mask, 0, options ?? new InpaintingOptions(), progress, labels, cancellation);

    /// <summary>Several completions of each image, drawn from the posterior.</summary>
    /// <param name="model">The model.</param>
    /// <param name="images">[n, pixels] in [0, 1]; what hidden pixels hold does not matter.</param>
    /// <param name="mask">What is hidden, in all images.</param>
    /// <param name="samples">Completions of each image.</param>
    /// <param name="options">Or null for the defaults.</param>
    /// <param name="progress">Told how many images are done.</param>
    /// <param name="labels">[n] of a conditional model, which otherwise guesses them: one for all samples of an image.</param>
    /// <param name="cancellation">Asks to stop before the next step.</param>
    /// <returns>[n, samples, pixels].</returns>
    /// <exception cref="BadInputException">
    /// The mask has another size than the images or hides nothing, or the labels do not fit the images or the model.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// There is no image, the length is no whole number of images, or a seen pixel is not in [0, 1].
    /// </exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static float[] Sample(
        Vae model, ReadOnlySpan<float> images, Mask mask, int samples, InpaintingOptions? options = null, Action<int>? progress = null,
        ReadOnlySpan<int> labels = default, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples, LargestBatch);
        return Run(model, images, mask, samples, options ?? new InpaintingOptions(), progress, labels, cancellation);
    }

    /// <summary>With 0 samples the most probable completions.</summary>
    private static float[] Run(
        Vae model, ReadOnlySpan<float> images, Mask mask, int samples, InpaintingOptions options, Action<int>? progress,
        ReadOnlySpan<int> labels, CancellationToken cancellation)
    {
        int pixels = model.Options.Shape.Pixels, perImage = Math.Max(1, samples);
        if (images.IsEmpty || images.Length % pixels != 0)
            throw new ArgumentException($"{images.Length} values are no whole number of images of {model.Options.Shape}.", nameof(images));
        float[] seen = mask.Seen(model.Options.Shape);
        if (mask.HiddenCount == 0)
            throw new BadInputException("The mask hides nothing, so there is nothing to complete. In a mask white is hidden.");
        images = WithoutHidden(images, seen);
        InputCheck.RequireImages(images, model.Options.Likelihood);
        int count = images.Length / pixels, batch = Math.Min(count, LargestBatch / perImage), rows = batch * perImage;
        bool isGuessed = model.Options.Classes > 0 && labels.IsEmpty;
        if (!isGuessed)
            model.Labels.RequireCount(labels.Length, count);
        model.Labels.RequireKnown(labels);
        float[] results = new float[checked(count * perImage * pixels)];
        using DeviceGate.Scope scope = model.Device.Enter(samples == 0 ? "Inpainting.Complete" : "Inpainting.Sample");
        using MemoryBuffer1D<float, Stride1D.Dense> given = model.Device.Accelerator.Allocate1D<float>((batch + 1L) * pixels);
        ArrayView<float> givenImages = given.View.BaseView.SubView(0, (long)batch * pixels);
        ArrayView<float> givenSeen = given.View.BaseView.SubView((long)batch * pixels, pixels);
        givenSeen.CopyFromCPU(model.Device.Stream, seen);
        using var search = new LatentSearch(
            model, rows, (context, decoded) => SeenLoss(model, context, decoded, givenImages, givenSeen, perImage), options.Seed);

        var start = new Start(model, seen, batch, perImage, options.Seed, cancellation);
        Start guess = isGuessed && perImage > 1 ? new Start(model, seen, batch, 1, options.Seed, cancellation) : start;
        int[] labelsOfRows = new int[model.Options.Classes > 0 ? rows : 0];
        float[] part = new float[batch * pixels];
        for (int first = 0; first < count; first += batch)
        {
            // The last part overlaps the one before it: the schedule is for full ones.
            int from = Math.Min(first, count - batch);
            images.Slice(from * pixels, part.Length).CopyTo(part);
            givenImages.CopyFromCPU(model.Device.Stream, part);
            int firstRow = from * perImage;
            if (labelsOfRows.Length > 0)
            {
                ReadOnlySpan<int> labelsOfPart = isGuessed ? guess.GuessLabels(part) : labels.Slice(from, batch);
                for (int row = 0; row < rows; row++)
                    labelsOfRows[row] = labelsOfPart[row / perImage];
            }
            if (samples == 0)
            {
                start.Settle(part, labelsOfRows);
                search.Start(start.Codes, start.Variances, labelsOfRows, firstRow);
                search.Run(options.DescentSteps, temperature: 0, adapts: true, cancellation);
            }
            else
            {
                start.Scatter(part, labelsOfRows, firstRow);
                search.Start(start.Codes, start.Variances, labelsOfRows, firstRow);
                search.Run(options.SamplingSteps / 2, temperature: 1, adapts: true, cancellation);
                search.Run(options.SamplingSteps - options.SamplingSteps / 2, temperature: 1, adapts: false, cancellation);
            }
            search.ReadCodes(start.Codes);
            Span<float> result = results.AsSpan(firstRow * pixels, rows * pixels);
            model.Decode(start.Codes, result, labelsOfRows, cancellation);
            for (int i = 0; i < result.Length; i++)
                if (seen[i % pixels] != 0)
                    result[i] = part[i / (perImage * pixels) * pixels + i % pixels];
            progress?.Invoke(from + batch);
        }
        return results;
    }

    /// <summary>The images with 0 for what is hidden: it may be anything, NaN too, and has weight 0 in the sums of what is seen.</summary>
    private static float[] WithoutHidden(ReadOnlySpan<float> images, float[] seen)
    {
        float[] visible = images.ToArray();
        for (int i = 0; i < visible.Length; i++)
            if (seen[i % seen.Length] == 0)
                visible[i] = 0;
        return visible;
    }

    private static (PlannedTensor Loss, PlannedTensor Gradient) SeenLoss(
        Vae model, LayerContext context, PlannedTensor decoded, ArrayView<float> images, ArrayView<float> seen, int perImage)
    {
        ImageLikelihood likelihood = model.Parts.Likelihood;
        PlannedTensor loss = context.Builder.Tensor("loss of the seen pixels", decoded.Rows, 1);
        ArrayView<float> shared = likelihood.SharedIn(context.Values);
        context.Builder.Add(
            "loss of the seen pixels + gradient", 20.0 * decoded.Length, 4.0 * (2 * decoded.Length + images.Length), [decoded, loss],
            stream => likelihood.Kernels.DifferentiateSeen(
                stream, decoded.View, images, seen, shared, loss.View, likelihood.Layout, perImage));
        return (loss, decoded);
    }

    /// <summary>Codes to start from.</summary>
    private sealed class Start
    {
        private const int Rounds = 10, Guesses = 256;

        private readonly Vae model;
        private readonly float[] seen, guesses, filled, decoded;
        private readonly Dictionary<int, float[]> means = [];
        private readonly int perImage;
        private readonly float seenShare;
        private readonly ulong seed;
        private readonly CancellationToken cancellation;

        public Start(Vae model, float[] seen, int images, int perImage, ulong seed, CancellationToken cancellation)
        {
            (this.model, this.seen, this.perImage, this.seed, this.cancellation) = (model, seen, perImage, seed, cancellation);
            int rows = images * perImage, pixels = seen.Length, latent = model.Options.Latent;
            (Codes, Variances) = (new float[rows * latent], new float[rows * latent]);
            (filled, decoded) = (new float[rows * pixels], new float[rows * pixels]);
            seenShare = seen.Average();
            guesses = model.SamplePrior(Guesses, seed);
        }

        public float[] Codes { get; }

        public float[] Variances { get; }

        /// <summary>From the model's mean image, that of the label if there is one, by encoding and decoding without noise.</summary>
        /// <param name="images">[images, pixels].</param>
        /// <param name="labels">[rows], or empty.</param>
        public void Settle(float[] images, int[] labels)
        {
            Fill(images, row => MeanOf(labels.Length > 0 ? labels[row] : null));
            Alternate(labels, firstRow: null);
        }

        /// <summary>From images that the model makes up, by encoding and decoding with noise.</summary>
        /// <param name="images">[images, pixels].</param>
        /// <param name="labels">[rows], or empty.</param>
        /// <param name="firstRow">The number of the first row.</param>
        public void Scatter(float[] images, int[] labels, int firstRow)
        {
            int latent = model.Options.Latent;
            for (int i = 0; i < Codes.Length; i++)
                Codes[i] = guesses[(firstRow + i / latent) % Guesses * latent + i % latent];
            model.Decode(Codes, decoded, labels);
            Fill(images, row => new ArraySegment<float>(decoded, row * seen.Length, seen.Length));
            Alternate(labels, firstRow);
        }

        /// <summary>The labels with which images, settled, come closest to what is seen of them; for one row per image.</summary>
        public int[] GuessLabels(float[] images)
        {
            int pixels = seen.Length;
            return LabelGuess.Best(model.Options.Classes, images.Length / pixels, labels =>
            {
                Settle(images, labels);
                model.Decode(Codes, decoded, labels);
                for (int i = 0; i < decoded.Length; i++)
                    if (seen[i % pixels] == 0)
                        decoded[i] = filled[i];
                return LabelGuess.Distances(filled, decoded, pixels);
            });
        }

        private float[] MeanOf(int? label)
        {
            if (means.TryGetValue(label ?? -1, out float[]? mean))
                return mean;
            float[] images = model.Generate(Guesses, seed, label, cancellation: cancellation);
            mean = new float[seen.Length];
            for (int i = 0; i < images.Length; i++)
                mean[i % mean.Length] += images[i] / Guesses;
            return means[label ?? -1] = mean;
        }

        private void Fill(float[] images, Func<int, ArraySegment<float>> hiddenOf)
        {
            int pixels = seen.Length;
            for (int row = 0; row < filled.Length / pixels; row++)
            {
                ArraySegment<float> hidden = hiddenOf(row);
                for (int p = 0; p < pixels; p++)
                    filled[row * pixels + p] = seen[p] != 0 ? images[row / perImage * pixels + p] : hidden[p];
            }
        }

        /// <summary>With noise where a number of the first row is given.</summary>
        private void Alternate(int[] labels, int? firstRow)
        {
            int pixels = seen.Length, latent = model.Options.Latent;
            for (int round = 0; ; round++)
            {
                model.EncodeAny(filled, Codes, Variances, labels, cancellation);
                for (int i = 0; i < Codes.Length; i++)
                {
                    Variances[i] = MathF.Exp(Math.Clamp(Variances[i], -10, 0));
                    if (firstRow is { } first)
                    {
                        float noise = Philox.NormalAt(seed, RandomPurpose.Prior, round, first + i / latent, i % latent);
                        Codes[i] += MathF.Sqrt(Variances[i]) * noise;
                    }
                }
                if (round == Rounds)
                    break;
                model.Decode(Codes, decoded, labels);
                for (int i = 0; i < filled.Length; i++)
                    if (seen[i % pixels] == 0)
                        filled[i] = decoded[i];
            }
            // What the encoder knows of a code beyond the prior comes from all pixels; of that the seen share is left. A learned prior has
            // other variances than 1, but these set no more than the units' pace.
            for (int i = 0; i < Variances.Length; i++)
                Variances[i] = 1 / (1 + seenShare * (1 / Variances[i] - 1));
        }
    }
}
