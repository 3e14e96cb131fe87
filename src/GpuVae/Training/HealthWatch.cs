using System.Globalization;
using GpuVae.Data;
using GpuVae.Elbo;
using GpuVae.Evaluation;
using GpuVae.Kernels.Common;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;

namespace GpuVae.Training;

/// <summary>
/// Looks at a model in training through a few images and says what is wrong with it. It reads the weights only, so the training is the same
/// with it and without.
/// </summary>
internal sealed class HealthWatch : IDisposable
{
    private const double CollapsedKl = 0.01, HugeVariance = 100, AlikeShare = 0.01, MismatchFactor = 5;

    private readonly Vae model;
    private readonly HealthWarning? ofData;
    private readonly float[] images = [];
    private readonly int[] labels = [];
    private readonly int count;
    private readonly Activity? activity;

    /// <param name="model">The model.</param>
    /// <param name="train">What it is trained on.</param>
    /// <param name="test">What it is looked at through, in part; without it only the training images are looked at.</param>
    /// <param name="isBinarized">Whether the training images are binarised.</param>
    public HealthWatch(Vae model, ImageSet train, ImageSet? test, bool isBinarized)
    {
        this.model = model;
        ofData = model.Options.Own?.Likelihood is not null
            ? null
            : OfData(model.Options.Likelihood, new PixelFacts(train), isBinarized);
        if (test is null)
            return;
        images = PixelFacts.Sample(test);
        count = images.Length / model.Options.Shape.Pixels;
        if (model.Options.Classes > 0)
            labels = [.. Enumerable.Range(0, count).Select(i => test.Labels![PixelFacts.Place(test, i, count)])];
        if (model.Options.Activation == ActivationKind.Relu && model.Options.Own?.Activation is null)
            activity = new Activity(model, images, labels, count);
    }

    /// <summary>What is wrong now; waits for the device.</summary>
    /// <param name="codes">How the test images use the codes, where these are discrete.</param>
    /// <param name="topCodes">Those of the top grid, where there are two.</param>
    public IReadOnlyList<HealthWarning> Look(CodeUse? codes = null, CodeUse? topCodes = null)
    {
        List<HealthWarning> warnings = ofData is null ? [] : [ofData];
        if (count == 0)
            return warnings;
        int latent = model.Options.Latent;
        float[] means = new float[count * latent], logVariances = new float[means.Length], reconstructions = new float[images.Length];
        model.Encode(images, means, logVariances, labels);
        model.Reconstruct(images, reconstructions, labels);
        // Without noise there is neither a divergence nor a variance to look at.
        if (model.Options.HasNoNoise)
        {
            warnings.AddRange(((HealthWarning?[])[
                codes is { } use ? CodebookCollapse(use, topCodes) : activity?.Look(), Alike(images, reconstructions, count),
                VarianceMismatch(reconstructions)]).OfType<HealthWarning>());
            return warnings;
        }
        HealthWarning?[] seen =
        [
            // Under a learned prior the divergence from N(0, I) tells nothing.
            model.Options.Prior == Prior.Normal && model.Options.Own?.Prior is null ? Collapse(means, logVariances, latent) : null,
            Explosion(logVariances, latent), Alike(images, reconstructions, count),
            VarianceMismatch(reconstructions), activity?.Look(),
        ];
        warnings.AddRange(seen.OfType<HealthWarning>());
        return warnings;
    }

    public void Dispose() => activity?.Dispose();

    private static HealthWarning? OfData(Likelihood likelihood, PixelFacts pixels, bool isBinarized)
    {
        if (likelihood == Likelihood.Bernoulli && !isBinarized && pixels.AreGrey)
            return new HealthWarning(
                HealthIssue.LikelihoodMismatch,
                Inv($"{pixels.Grey:P0} of the pixels are grey, and the Bernoulli likelihood is one of black and white."),
                "Use VaeOptions.Likelihood = DiscretizedLogistic, GaussianLearned or ContinuousBernoulli.");
        if (likelihood.IsDensity() && (isBinarized || pixels.AreBits))
            return new HealthWarning(
                HealthIssue.LikelihoodMismatch,
                $"All pixels are black or white, and the density of a {Name(likelihood)} likelihood can grow there without a bound.",
                "Use VaeOptions.Likelihood = Bernoulli.");
        return null;
    }

    private HealthWarning? Collapse(float[] means, float[] logVariances, int latent)
    {
        IReadOnlyList<double> kl = LatentUnits.Of(means, logVariances, latent).Kl;
        int collapsed = kl.Count(value => value < CollapsedKl);
        // Units beyond what the images need are given up by every VAE with beta 1, without harm; maps have some wherever nothing is seen.
        return 2 * collapsed <= latent || (model.Options.HasLevelMaps && collapsed < latent)
            ? null
            : new HealthWarning(
                HealthIssue.PosteriorCollapse,
                $"{collapsed} of {latent} latent units have a KL divergence below {Inv($"{CollapsedKl}")} nats and tell nothing of an image"
                + (collapsed == latent ? ", so the decoder makes the same picture of every code." : "."),
                collapsed == latent
                    ? "Use TrainingOptions.KlWarmupEpochs = 5 or a smaller VaeOptions.Beta."
                    : "If reconstructions are poor, use TrainingOptions.KlWarmupEpochs = 5 or a smaller VaeOptions.Beta; else a smaller "
                        + "VaeOptions.Latent does as well.");
    }

    /// <summary>Of the only grid, or of the first of both that has collapsed.</summary>
    private HealthWarning? CodebookCollapse(CodeUse use, CodeUse? topUse)
    {
        VaeOptions options = model.Options;
        return topUse is { } ofTop && OfGrid(ofTop, options.TopGrid!.Value, " of the top grid") is { } warning
            ? warning
            : OfGrid(use, options.Grid, topUse is null ? "" : " of the bottom grid");

        HealthWarning? OfGrid(CodeUse use, ImageShape grid, string which) =>
            // A few images cannot use many codes.
            2 * use.Used >= Math.Min(use.Codes, count * grid.Width * grid.Height / 4)
            ? null
            : new HealthWarning(
                HealthIssue.CodebookCollapse,
                Inv($"The test images use {use.Used} of {use.Codes} codes{which}, whose perplexity is {use.Perplexity:F0}."),
                options.Quantization == Quantization.Scalar
                    ? "Use fewer VaeOptions.Levels or a smaller TrainingOptions.LearningRate."
                    : options.CodeGradient != CodeGradient.Rotation ? "Use VaeOptions.CodeGradient = Rotation."
                    : "Train longer; if it stays so, use VaeOptions.CodebookDecay = 0.95, a smaller TrainingOptions.LearningRate, or "
                        + "VaeOptions.Quantization = Scalar, which has no codebook.");
    }

    private static HealthWarning? Explosion(float[] logVariances, int latent)
    {
        var units = new HashSet<int>();
        for (int i = 0; i < logVariances.Length; i++)
        {
            float s = logVariances[i];
            if (s is <= LogVariance.Min or >= LogVariance.Max || s > Math.Log(HugeVariance))
                units.Add(i % latent);
        }
        return units.Count == 0
            ? null
            : new HealthWarning(
                HealthIssue.VarianceExplosion,
                Inv($"{units.Count} of {latent} latent units have log-variances from {logVariances.Min():F1} to {logVariances.Max():F1}; ")
                + Inv($"a variance above {HugeVariance} or at the end of the range [{LogVariance.Min}, ")
                + Inv($"{LogVariance.Max}] is out of control."),
                "Use TrainingOptions.GradientClip = 1 or a smaller TrainingOptions.LearningRate.");
    }

    private static HealthWarning? Alike(float[] images, float[] reconstructions, int count)
    {
        double ofImages = VarianceOverImages(images, count), ofReconstructions = VarianceOverImages(reconstructions, count);
        return ofImages == 0 || !(ofReconstructions < AlikeShare * ofImages)
            ? null
            : new HealthWarning(
                HealthIssue.DeadDecoder,
                Inv($"Reconstructions of different images vary {ofReconstructions / ofImages:P1} as much as the images: ")
                + "the decoder's output hardly depends on the code.",
                "Train longer; if it stays so, use TrainingOptions.KlWarmupEpochs = 5, a smaller VaeOptions.Beta, a smaller "
                + "TrainingOptions.LearningRate or VaeOptions.Activation = Silu.");
    }

    private HealthWarning? VarianceMismatch(float[] reconstructions)
    {
        if (model.Options.Likelihood != Likelihood.Gaussian || model.Options.Own?.Likelihood is not null)
            return null;
        double error = 0, variance = model.Options.Variance;
        for (int i = 0; i < images.Length; i++)
            error += (reconstructions[i] - images[i]) * (double)(reconstructions[i] - images[i]) / images.Length;
        return error <= MismatchFactor * variance && variance <= MismatchFactor * error
            ? null
            : new HealthWarning(
                HealthIssue.VarianceMismatch,
                Inv($"The mean squared error of a pixel is {error:G2}, and the Gaussian likelihood takes {variance:G2} for its variance: ")
                + $"the KL term weighs too {(error < variance ? "much" : "little")}.",
                Inv($"Use VaeOptions.Variance = {error:G2}, or VaeOptions.Likelihood = GaussianShared, which learns it."));
    }

    /// <summary>The variance of a pixel from image to image, averaged over the pixels.</summary>
    private static double VarianceOverImages(float[] values, int count)
    {
        int pixels = values.Length / count;
        double[] sums = new double[pixels], squares = new double[pixels];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> image = values.AsSpan(i * pixels, pixels);
            for (int p = 0; p < pixels; p++)
            {
                sums[p] += image[p];
                squares[p] += image[p] * (double)image[p];
            }
        }
        double variance = 0;
        for (int p = 0; p < pixels; p++)
            variance += Math.Max(squares[p] / count - sums[p] / count * (sums[p] / count), 0);
        return variance / pixels;
    }

    private static string Name(Likelihood likelihood) =>
        System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(likelihood.ToString());

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Finds ReLUs of dense layers that are never above 0, on the device.</summary>
    private sealed class Activity : IDisposable
    {
        private readonly Vae model;
        private readonly Schedule schedule;
        private readonly MemoryBuffer1D<float, Stride1D.Dense> input, arena, largest;
        private readonly MemoryBuffer1D<float, Stride1D.Dense>? classes;
        private readonly List<(string Layer, int First, int Units)> layers = [];

        public Activity(Vae model, float[] images, int[] labels, int count)
        {
            this.model = model;
            Accelerator accelerator = model.Device.Accelerator;
            var builder = new ScheduleBuilder(count);
            Reduce reduce = model.Device.Kernels.Reduce;
            try
            {
                classes = labels.Length == 0 ? null : accelerator.Allocate1D(labels.Select(label => (float)label).ToArray());
                PlannedTensor? ofImages = classes is null ? null : ScheduleBuilder.Fixed("labels", classes.View, count);
                LayerContext context = model.ContextOf(builder, ofImages);
                int units = Dense(model.Parts.Encoder).Concat(Dense(model.Parts.Decoder)).Sum(layer => layer.Outputs);
                largest = accelerator.Allocate1D<float>(Math.Max(units, 1));
                input = accelerator.Allocate1D(images);
                PlannedTensor x = builder.External("images", model.Parts.Encoder.Inputs);
                PlannedTensor moments = builder.Tensor("moments", model.Parts.Encoder.Outputs);
                x.View = input.View;
                model.Parts.Encoder.Infer(context, x, moments, null, Watch);
                PlannedTensor decoded = builder.Tensor("decoder output", model.Parts.Decoder.Outputs);
                model.Parts.Decoder.Infer(context, model.Parts.Posterior.Center(context, moments), decoded, null, Watch);
                arena = accelerator.Allocate1D<float>(builder.Plan());
                schedule = builder.Bind(arena.View);
            }
            catch
            {
                Dispose();
                throw;
            }

            void Watch(Layer layer, PlannedTensor y)
            {
                if (layer is not Linear { Activation.Kind: ActivationKind.Relu })
                    return;
                int first = layers.Sum(known => known.Units);
                layers.Add((layer.Name, first, layer.Outputs));
                ArrayView<float> target = largest.View.BaseView.SubView(first, layer.Outputs);
                builder.Add("largest of each unit", y.Length, 4.0 * y.Length, [y], stream => reduce.ColumnMaxima(stream, y.View, target));
            }
        }

        public HealthWarning? Look()
        {
            schedule.Run(model.Device.Stream);
            float[] values = largest.View.BaseView.GetAsArray(model.Device.Stream);
            string[] dead =
            [
                .. from layer in layers
                   let silent = values.AsSpan(layer.First, layer.Units).ToArray().Count(value => value <= 0)
                   where 2 * silent > layer.Units
                   select $"{silent} of {layer.Units} in {layer.Layer}",
            ];
            return dead.Length == 0
                ? null
                : new HealthWarning(
                    HealthIssue.DeadUnits, $"ReLUs that give 0 for every image: {string.Join(", ", dead)}.",
                    "Use VaeOptions.Activation = LeakyRelu or Silu, or a smaller TrainingOptions.LearningRate.");
        }

        public void Dispose()
        {
            model.Device.Drain();
            schedule?.Dispose();
            foreach (IDisposable? buffer in (IEnumerable<IDisposable?>)[input, arena, largest, classes])
                buffer?.Dispose();
        }

        private static IEnumerable<Layer> Dense(Network network) => network.Layers.Where(layer => layer is Linear);
    }
}
