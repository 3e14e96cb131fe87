using GpuVae.Kernels;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Applications;

/// <summary>How completions are searched for.</summary>
public sealed record InpaintingOptions
{
    /// <summary>Everything random follows from it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Steps of the descent to the most probable completion.</summary>
    public int DescentSteps { get; init; } = 150;

    /// <summary>Steps of a chain from its start to its sample.</summary>
    public int SamplingSteps { get; init; } = 300;
}

/// <summary>
/// Fills hidden parts of images with what a model thinks of: by the posterior of the code given the seen pixels, p(z | seen) ∝ p(seen | z)
/// p(z). Searches start where alternating encoding and decoding leads to (pseudo-Gibbs: Rezende, Mohamed and Wierstra, "Stochastic
/// Backpropagation", 2014, appendix F), which Langevin steps then correct. Seen pixels come back as they are.
/// </summary>
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
    /// <returns>[n, pixels].</returns>
    /// <exception cref="BadInputException">The mask has another size than the images or hides nothing.</exception>
    public static float[] Complete(
        Vae model, ReadOnlySpan<float> images, Mask mask, InpaintingOptions? options = null, Action<int>? progress = null) =>
        Run(model, images, mask, 0, options ?? new InpaintingOptions(), progress);

    /// <summary>Several completions of each image, drawn from the posterior.</summary>
    /// <param name="model">The model.</param>
    /// <param name="images">[n, pixels] in [0, 1]; what hidden pixels hold does not matter.</param>
    /// <param name="mask">What is hidden, in all images.</param>
    /// <param name="samples">Completions of each image.</param>
    /// <param name="options">Or null for the defaults.</param>
    /// <param name="progress">Told how many images are done.</param>
    /// <returns>[n, samples, pixels].</returns>
    /// <exception cref="BadInputException">The mask has another size than the images or hides nothing.</exception>
    public static float[] Sample(
        Vae model, ReadOnlySpan<float> images, Mask mask, int samples, InpaintingOptions? options = null, Action<int>? progress = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples, LargestBatch);
        return Run(model, images, mask, samples, options ?? new InpaintingOptions(), progress);
    }

    /// <summary>With 0 samples the most probable completions.</summary>
    private static float[] Run(
        Vae model, ReadOnlySpan<float> images, Mask mask, int samples, InpaintingOptions options, Action<int>? progress)
    {
        int pixels = model.Options.Shape.Pixels, perImage = Math.Max(1, samples);
        float[] seen = mask.Seen(model.Options.Shape);
        if (mask.HiddenCount == 0)
            throw new BadInputException("The mask hides nothing, so there is nothing to complete. In a mask white is hidden.");
        int count = images.Length / pixels, batch = Math.Min(count, LargestBatch / perImage), rows = batch * perImage;
        var results = new float[checked(count * perImage * pixels)];
        using MemoryBuffer1D<float, Stride1D.Dense> given = model.Device.Accelerator.Allocate1D<float>((batch + 1L) * pixels);
        ArrayView<float> givenImages = given.View.BaseView.SubView(0, (long)batch * pixels);
        ArrayView<float> givenSeen = given.View.BaseView.SubView((long)batch * pixels, pixels);
        givenSeen.CopyFromCPU(model.Device.Stream, seen);
        using var search = new LatentSearch(
            model, rows, (context, decoded) => SeenLoss(model, context, decoded, givenImages, givenSeen, perImage), options.Seed);

        var start = new Start(model, seen, rows, options.Seed);
        var part = new float[batch * pixels];
        for (int first = 0; first < count; first += batch)
        {
            // The last part overlaps the one before it: the schedule is for full ones.
            int from = Math.Min(first, count - batch);
            images.Slice(from * pixels, part.Length).CopyTo(part);
            givenImages.CopyFromCPU(model.Device.Stream, part);
            int firstRow = from * perImage;
            if (samples == 0)
            {
                start.Settle(part, perImage, firstRow);
                search.Start(start.Codes, start.Variances, firstRow);
                search.Run(options.DescentSteps, temperature: 0, adapts: true);
            }
            else
            {
                start.Scatter(part, perImage, firstRow);
                search.Start(start.Codes, start.Variances, firstRow);
                search.Run(options.SamplingSteps / 2, temperature: 1, adapts: true);
                search.Run(options.SamplingSteps - options.SamplingSteps / 2, temperature: 1, adapts: false);
            }
            search.ReadCodes(start.Codes);
            Span<float> result = results.AsSpan(firstRow * pixels, rows * pixels);
            model.Decode(start.Codes, result);
            for (int i = 0; i < result.Length; i++)
                if (seen[i % pixels] != 0)
                    result[i] = part[i / (perImage * pixels) * pixels + i % pixels];
            progress?.Invoke(from + batch);
        }
        return results;
    }

    private static (PlannedTensor Loss, PlannedTensor Gradient) SeenLoss(
        Vae model, LayerContext context, PlannedTensor decoded, ArrayView<float> images, ArrayView<float> seen, int perImage)
    {
        LikelihoodKernels likelihood = context.Kernels.LikelihoodOf(model.Options).Kernels;
        PlannedTensor loss = context.Builder.Tensor("loss of the seen pixels", decoded.Rows, 1);
        ArrayView<float> shared = model.SharedIn(context.Values);
        PixelLayout layout = model.PixelLayout;
        context.Builder.Add(
            "loss of the seen pixels + gradient", 20.0 * decoded.Length, 4.0 * (2 * decoded.Length + images.Length), [decoded, loss],
            stream => likelihood.DifferentiateSeen(stream, decoded.View, images, seen, shared, loss.View, layout, perImage));
        return (loss, decoded);
    }

    /// <summary>Codes to start from.</summary>
    private sealed class Start
    {
        private const int Rounds = 10, Guesses = 256;

        private readonly Vae model;
        private readonly float[] seen, guesses, mean, filled, decoded;
        private readonly float seenShare;
        private readonly ulong seed;

        public Start(Vae model, float[] seen, int rows, ulong seed)
        {
            (this.model, this.seen, this.seed) = (model, seen, seed);
            int pixels = seen.Length, latent = model.Options.Latent;
            (Codes, Variances) = (new float[rows * latent], new float[rows * latent]);
            (filled, decoded) = (new float[rows * pixels], new float[rows * pixels]);
            seenShare = seen.Average();
            guesses = model.Generate(Guesses, seed);
            mean = new float[pixels];
            for (int i = 0; i < guesses.Length; i++)
                mean[i % pixels] += guesses[i] / Guesses;
        }

        public float[] Codes { get; }

        public float[] Variances { get; }

        /// <summary>From the model's mean image, by encoding and decoding without noise.</summary>
        public void Settle(float[] images, int perImage, int firstRow) => Alternate(images, perImage, firstRow, isRandom: false);

        /// <summary>From images that the model makes up, by encoding and decoding with noise.</summary>
        public void Scatter(float[] images, int perImage, int firstRow) => Alternate(images, perImage, firstRow, isRandom: true);

        private void Alternate(float[] images, int perImage, int firstRow, bool isRandom)
        {
            int pixels = seen.Length, latent = model.Options.Latent;
            for (int i = 0; i < filled.Length; i++)
            {
                int row = i / pixels, p = i % pixels;
                filled[i] = seen[p] != 0 ? images[row / perImage * pixels + p]
                    : isRandom ? guesses[(firstRow + row) % Guesses * pixels + p] : mean[p];
            }
            for (int round = 0; ; round++)
            {
                model.Encode(filled, Codes, Variances);
                for (int i = 0; i < Codes.Length; i++)
                {
                    Variances[i] = MathF.Exp(Math.Clamp(Variances[i], -10, 0));
                    if (isRandom)
                    {
                        float noise = Philox.NormalAt(seed, RandomPurpose.Prior, round, firstRow + i / latent, i % latent);
                        Codes[i] += MathF.Sqrt(Variances[i]) * noise;
                    }
                }
                if (round == Rounds)
                    break;
                model.Decode(Codes, decoded);
                for (int i = 0; i < filled.Length; i++)
                    if (seen[i % pixels] == 0)
                        filled[i] = decoded[i];
            }
            // What the encoder knows of a code beyond the prior comes from all pixels; of that the seen share is left.
            for (int i = 0; i < Variances.Length; i++)
                Variances[i] = 1 / (1 + seenShare * (1 / Variances[i] - 1));
        }
    }
}
