using GpuVae.Data;
using GpuVae.Models;

namespace GpuVae.Evaluation;

/// <summary>How far images are from data, in the features of a network.</summary>
/// <param name="Frechet">See <see cref="FrechetDistance"/>.</param>
/// <param name="Kernel">See <see cref="KernelDistance"/>.</param>
/// <param name="Overlap">See <see cref="ManifoldOverlap"/>.</param>
/// <param name="Sharpness">Of the images; see <see cref="Evaluation.Sharpness"/>.</param>
public sealed record ImageDistance(double Frechet, double Kernel, ManifoldOverlap Overlap, double Sharpness);

/// <summary>
/// Samples and reconstructions of a model against images, in the features of a network. What a network is called, how many images there
/// were and how they were resized belongs to each figure.
/// </summary>
/// <param name="Network">The network's name.</param>
/// <param name="Features">Its features.</param>
/// <param name="Preparation">What became of an image before the network saw it.</param>
/// <param name="Images">How many, of each kind.</param>
/// <param name="Sampler">What codes were drawn from.</param>
/// <param name="Temperature">At which.</param>
/// <param name="Samples">Images from as many drawn codes; null where codes are discrete and no prior over them was given.</param>
/// <param name="Reconstructions">The images themselves by way of the mean of q(z|x).</param>
/// <param name="DataSharpness">Of the images.</param>
public sealed record DistributionDistance(
    string Network, int Features, string Preparation, int Images, string Sampler, double Temperature, ImageDistance? Samples,
    ImageDistance Reconstructions, double DataSharpness)
{
    /// <summary>The fewest images: more than the neighbours of <see cref="ManifoldOverlap"/>.</summary>
    public const int LeastImages = 10;

    private const int Portion = 256;

    /// <summary>Whether there were no more images than features: then covariances have not full rank, and figures mean little.</summary>
    public bool IsRough => Images <= Features;

    internal static DistributionDistance Measure(
        Vae model, GridPrior? codePrior, ImageSet images, IImageFeatures network, EvaluationOptions options, Action<double>? progress,
        CancellationToken cancellation)
    {
        if (images.Count < LeastImages)
            throw new BadInputException(
                $"{images.Count} images are too few to compare distributions by; {LeastImages} are the least, more than the network's "
                + $"{network.Count} features are wanted.");
        int pixels = model.Options.Shape.Pixels, count = images.Count;
        float[] originals = new float[checked(count * pixels)], reconstructions = new float[originals.Length];
        images.CopyRows([.. Enumerable.Range(0, count)], originals);
        model.Reconstruct(originals, reconstructions, model.LabelsOf(images, 0, count), cancellation);
        float[]? samples = codePrior is not null
            ? Draw(codePrior.Require(images), codePrior.Options.Classes, pixels, options.Seed, (n, seed, label) =>
                codePrior.Generate(n, seed, label, options.Temperature, cancellation))
            : !model.HasPrior
            ? null
            : Draw(images, model.Options.Classes, pixels, options.Seed, (n, seed, label) =>
                model.Generate(n, seed, label, options.Temperature, cancellation));
        int done = 0, kinds = samples is null ? 2 : 3;
        float[] ofData = Extract(originals);
        string sampler =
            samples is null ? "nothing" : codePrior is not null ? "the prior over codes" : model.Sampler?.ToString() ?? "the prior";
        return new DistributionDistance(
            network.Name, network.Count, network.Preparation, count, sampler, options.Temperature,
            samples is null ? null : Against(samples), Against(reconstructions), Evaluation.Sharpness.Of(originals, model.Options.Shape));

        float[] Extract(float[] rows)
        {
            float[] features = new float[checked(count * network.Count)];
            for (int first = 0; first < count; first += Portion)
            {
                cancellation.ThrowIfCancellationRequested();
                int n = Math.Min(Portion, count - first);
                network.Extract(
                    rows.AsSpan(first * pixels, n * pixels), model.Options.Shape,
                    features.AsSpan(first * network.Count, n * network.Count));
                done += n;
                progress?.Invoke(done / ((double)kinds * count));
            }
            return features;
        }

        ImageDistance Against(float[] rows)
        {
            float[] features = Extract(rows);
            return new ImageDistance(
                FrechetDistance.Of(ofData, features, network.Count), KernelDistance.Of(ofData, features, network.Count),
                ManifoldOverlap.Of(ofData, features, network.Count), Evaluation.Sharpness.Of(rows, model.Options.Shape));
        }
    }

    /// <summary>As many as there are images; where there are classes with the labels of these.</summary>
    private static float[] Draw(ImageSet images, int classes, int pixels, ulong seed, Func<int, ulong, int?, float[]> generate)
    {
        if (classes == 0)
            return generate(images.Count, seed, null);
        float[] samples = new float[images.Count * pixels];
        foreach (IGrouping<int, int> group in Enumerable.Range(0, images.Count).GroupBy(i => images.Labels![i]))
        {
            int[] rows = [.. group];
            float[] ofLabel = generate(rows.Length, seed + (ulong)group.Key, group.Key);
            for (int i = 0; i < rows.Length; i++)
                ofLabel.AsSpan(i * pixels, pixels).CopyTo(samples.AsSpan(rows[i] * pixels));
        }
        return samples;
    }
}
