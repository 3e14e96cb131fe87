using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;

namespace GpuVae.Training;

/// <summary>One optimizer step as a schedule: gather, forward, loss, backward, perhaps several times, and Adam.</summary>
/// <param name="model">The model.</param>
/// <param name="options">How to train.</param>
/// <param name="feed">Where batches come from.</param>
/// <param name="state">Gradients and moments.</param>
/// <param name="perceptual">A further term of the loss; null where there is none.</param>
/// <param name="discriminator">Trained along, and against; null before it is its turn, or where there is none.</param>
internal sealed class TrainingStep(
    Vae model, TrainingOptions options, BatchFeed feed, TrainingState state, PerceptualTerm? perceptual = null,
    Discriminator? discriminator = null)
{
    // Of the noise of a batch's parts, which count their rows from 0 each.
    private const ulong SeedStride = 0x9E3779B97F4A7C15;

    // Rows from which on a processor's caches repay parts, and rows of such a part: by measurement, see docs/performance.md.
    private const int LargeBatch = 1024, PartRows = 512;

    private readonly DeviceKernels kernels = model.Device.Kernels;
    private readonly int rowsAtOnce = RowsAtOnce(model, options);

    /// <summary>
    /// The images that a step goes through at once. A processor takes large batches in parts, whose activations stay in its caches, unless
    /// the loss is of the batch as a whole, or each part would encode the prior's pseudo-inputs again.
    /// </summary>
    public static int RowsAtOnce(Vae model, TrainingOptions options)
    {
        VaeOptions of = model.Options;
        bool isOfImages = of.Objective is not (Objective.Tc or Objective.Mmd) && of is { FreeBits: 0, Capacity: 0 }
            && of.Prior != Prior.Vamp && of.Quantization != Quantization.Codebook && options.Adversarial is null;
        return isOfImages && model.Device.Accelerator.AcceleratorType == AcceleratorType.CPU && options.BatchSize > LargeBatch
            ? PartRows
            : options.BatchSize;
    }

    /// <summary>For so many images.</summary>
    public ScheduleBuilder Build(int images)
    {
        var builder = new ScheduleBuilder(images);
        (PlannedTensor reconstruction, PlannedTensor kl, PlannedTensor? distances, ArrayView<float> gradients) = images <= rowsAtOnce
            ? AppendPart(builder, 0, images)
            : AppendParts(builder, images);
        if (distances is not null)
            builder.Add("log of distances", distances.Length, 4.0 * distances.Length, [distances], stream =>
                kernels.StepEnd.Close(stream, feed.LogOf(distances, perceptual!.Log)));

        // What is not learned has no gradient, but weight decay would move it.
        long length = model.Parameters.LearnedLength, count = model.Parameters.Count;
        ArrayView<float> weights = model.Parameters.Values.SubView(0, length), gradient = gradients.SubView(0, length);
        ArrayView<float> first = state.FirstMoment.SubView(0, length), second = state.SecondMoment.SubView(0, length);
        if (options.GradientClip > 0 || options.GradientSkip > 0)
            builder.Add(
                "gradient norm", 2.0 * count, 4.0 * count, [],
                stream => kernels.Reduce.SumOfSquares(stream, gradient, state.SquaredNorm));
        var adam = new Adam(
            model.Device.Accelerator,
            new AdamOptions
            {
                Beta1 = options.AdamBeta1,
                Beta2 = options.AdamBeta2,
                Epsilon = options.AdamEpsilon,
                WeightDecay = options.WeightDecay,
                Decoupled = true,
                MaxGradientNorm = options.GradientClip,
                SkippedGradientNorm = options.GradientSkip,
            });
        builder.Add(
            "Adam + log loss", 14.0 * count, 28.0 * count, [reconstruction, kl],
            stream => adam.Update(
                stream, weights, gradient, first, second, feed.LearningRate, state.SquaredNorm, feed.LogOf(reconstruction, kl)));
        if (options.AverageDecay > 0)
        {
            WeightAverage average = kernels.WeightAverage;
            builder.Add(
                "average of the weights", 3.0 * count, 12.0 * count, [],
                stream => average.Update(stream, weights, state.Average.SubView(0, length), feed.Step, (float)options.AverageDecay));
            // What has no gradient is no average: it goes along as it is.
            long rest = model.Parameters.Values.Length - length;
            if (rest > 0)
            {
                ArrayView<float> from = model.Parameters.Values.SubView(length, rest), to = state.Average.SubView(length, rest);
                builder.Add("what is not averaged", 0, 8.0 * rest, [], stream =>
                    kernels.ColumnCopy.Run(stream, from, from.IntLength, to, to.IntLength, to.IntLength));
            }
        }
        return builder;
    }

    /// <summary>Appends the way there and back of the rows from <paramref name="first"/> on.</summary>
    private (PlannedTensor Reconstruction, PlannedTensor Kl, PlannedTensor? Distances, ArrayView<float> Gradients) AppendPart(
        ScheduleBuilder builder, int first, int rows)
    {
        builder.Batch = rows;
        Binarization binarization = options.DynamicBinarization ? Binarization.Dynamic : Binarization.None;
        PlannedTensor images = feed.AppendBatch(builder, model.Options.Shape.Pixels, binarization, options.Seed, first);
        images = options.IsAugmented ? AppendViews(builder, images, first) : images;
        PlannedTensor? labels = model.Options.Classes > 0 ? feed.AppendLabels(builder, first) : null;
        LayerContext context = model.ContextOf(builder, labels) with { Gradients = state.Gradients };
        var noise = new NoiseSource(
            options.Seed + (ulong)(first / rowsAtOnce) * SeedStride, RandomPurpose.Latent, feed.Step);
        var graph = new ElboGraph(
            model.Parts, context, images, noise, feed.KlWeight, model.Options.Samples,
            wantsImages: perceptual is not null || discriminator is not null);
        PlannedTensor? distances = perceptual is null ? null : AppendPerceptual(context, graph, images);
        if (discriminator is not null)
            AppendAdversarial(context, graph, images);
        graph.AppendBackward(context, feed.ImageCount);
        graph.AppendUpdates(context, feed.Step, noise.Seed);
        return (graph.Reconstruction, graph.Kl, distances, state.Gradients);
    }

    /// <summary>Appends the perceptual term's part in the model's gradient; gives the distances.</summary>
    private PlannedTensor AppendPerceptual(LayerContext context, ElboGraph graph, PlannedTensor images)
    {
        (PlannedTensor distances, PlannedTensor dImages) = perceptual!.Append(context.Builder, images, graph.Images!);
        graph.AppendTerm(context, dImages);
        return distances;
    }

    /// <summary>Appends the discriminator's part in the model's gradient, and the discriminator's own step.</summary>
    private void AppendAdversarial(LayerContext context, ElboGraph graph, PlannedTensor images)
    {
        (PlannedTensor dImages, Action<PlannedTensor> appendUpdate) = discriminator!.Append(context.Builder, images, graph.Images!);
        AdversarialOptions adversarial = options.Adversarial!;
        appendUpdate(graph.AppendOtherLoss(
            context, dImages, adversarial.Weight, discriminator.Step, Math.Min(adversarial.StartEpochs, 1) * feed.StepsPerEpoch));
    }

    /// <summary>Appends what makes other views of the images, and gives these.</summary>
    private PlannedTensor AppendViews(ScheduleBuilder builder, PlannedTensor images, int first)
    {
        ImageShape shape = model.Options.Shape;
        (float low, float high) = feed.Format == PixelFormat.Single ? (float.MinValue, float.MaxValue) : (0, 1);
        var ranges = new AugmentationRanges(
            options.FlipHorizontally ? 0.5f : 0, options.FlipVertically ? 0.5f : 0, options.MaxShift, (float)options.LeastCrop,
            (float)options.Brightness, low, high);
        PlannedTensor views = builder.Tensor("views of the images", shape.Pixels);
        Augmentation kernel = kernels.Augmentation;
        var extent = new ImageExtent(shape.Width, shape.Height, shape.Channels);
        builder.Add(
            "augmentation", 30.0 * views.Length, 20.0 * views.Length, [images, views],
            stream => kernel.Run(stream, images.View, views.View, feed.Step, extent, ranges, options.Seed, first));
        return views;
    }

    /// <summary>One part after the other, in the memory of one; gradients and losses are added up.</summary>
    private (PlannedTensor Reconstruction, PlannedTensor Kl, PlannedTensor? Distances, ArrayView<float> Gradients) AppendParts(
        ScheduleBuilder builder, int images)
    {
        int parts = (images + rowsAtOnce - 1) / rowsAtOnce;
        PlannedTensor reconstructions = builder.Tensor("reconstruction terms of parts", 1, parts);
        PlannedTensor kls = builder.Tensor("KL terms of parts", 1, parts);
        PlannedTensor? distances = perceptual is null ? null : builder.Tensor("feature distances of parts", 1, parts);
        for (int part = 0; part < parts; part++)
        {
            int first = part * rowsAtOnce, rows = Math.Min(rowsAtOnce, images - first), entry = part;
            (PlannedTensor reconstruction, PlannedTensor kl, PlannedTensor? ofPart, ArrayView<float> gradients) =
                AppendPart(builder, first, rows);
            builder.Add(
                "sum of losses", reconstruction.Length + kl.Length, 4.0 * (reconstruction.Length + kl.Length),
                [reconstruction, kl, reconstructions, kls],
                stream =>
                {
                    kernels.Reduce.Sum(stream, reconstruction.View, reconstructions.View.SubView(entry, 1));
                    kernels.Reduce.Sum(stream, kl.View, kls.View.SubView(entry, 1));
                });
            if (ofPart is not null)
                builder.Add("sum of distances", ofPart.Length, 4.0 * ofPart.Length, [ofPart, distances!], stream =>
                    kernels.Reduce.Sum(stream, ofPart.View, distances!.View.SubView(entry, 1)));
            GradientSum sum = kernels.GradientSum;
            float share = (float)rows / images;
            builder.Add("sum of gradients", 2.0 * gradients.Length, 12.0 * gradients.Length, [], stream =>
            {
                if (entry == 0)
                    sum.Start(stream, gradients, state.GradientSum, share);
                else
                    sum.Add(stream, gradients, state.GradientSum, share);
            });
        }
        return (reconstructions, kls, distances, state.GradientSum);
    }
}
