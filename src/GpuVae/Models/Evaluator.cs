using GpuVae.Data;
using GpuVae.Elbo;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Models;

/// <summary>
/// Computes the loss terms of one image set again and again, with the set on the device. The noise of an image depends on the seed and the
/// image's place in the set alone.
/// </summary>
internal sealed class Evaluator : IDisposable
{
    private readonly Vae model;
    private readonly int count, samples;
    private readonly BatchFeed feed;
    private readonly BatchSchedules schedules;
    private readonly int[] order;
    private readonly float[] rates, sums, noCounts;
    private readonly MemoryBuffer1D<float, Stride1D.Dense>? counts, levelKl;

    /// <exception cref="BadInputException">The images are not of the model's shape, or there are none.</exception>
    public Evaluator(Vae model, ImageSet images, ulong seed, Binarization binarization = Binarization.None, int samples = 1)
    {
        images = model.Require(images);
        (this.model, this.samples, count) = (model, samples, images.Count);
        // By the model alone, because the noise is counted by batch and row: another size would give other noise.
        int batch = InferencePasses.ImagesAtOnce(model.Options.Shape, 256), steps = (count + batch - 1) / batch;
        feed = new BatchFeed(model.Device, images, batch, steps);
        order = [.. Enumerable.Range(0, count)];
        // Nothing is learned here: of the rates only the weight of the KL term is used, by the weights of samples.
        rates = [.. Enumerable.Repeat(1f, 2 * steps)];
        sums = new float[2 * steps];
        noCounts = new float[model.Options.IsQuantized ? model.Options.CodeLevels * model.Options.CodeCount : 0];
        try
        {
            counts = noCounts.Length > 0 ? model.Device.Accelerator.Allocate1D<float>(noCounts.Length) : null;
            levelKl = model.Options.IsHierarchical ? model.Device.Accelerator.Allocate1D<float>(model.Options.Hierarchy) : null;
            schedules = new BatchSchedules(model.Device, feed, batch => Build(batch, seed, binarization, samples));
        }
        catch
        {
            feed.Dispose();
            counts?.Dispose();
            levelKl?.Dispose();
            throw;
        }
    }

    /// <summary>How the last run's images used the codes, of two grids those of the bottom one; null where there are none.</summary>
    public CodeUse? CodeUse { get; private set; }

    /// <summary>Of two grids that of the top one; null otherwise.</summary>
    public CodeUse? TopCodeUse { get; private set; }

    /// <summary>
    /// The KL term of each level in the last run, nats per image; null without a hierarchy, and with several samples of an image.
    /// </summary>
    public IReadOnlyList<double>? LevelKl { get; private set; }

    /// <exception cref="OperationCanceledException">Asked to stop between two batches.</exception>
    public ElboParts Run(CancellationToken cancellation = default)
    {
        feed.StartEpoch(0, 0, order, rates);
        counts?.View.BaseView.CopyFromCPU(model.Device.Stream, noCounts);
        levelKl?.View.BaseView.MemSetToZero(model.Device.Stream);
        for (int step = 0; step < feed.StepsPerEpoch; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            schedules.Run(step);
        }
        feed.ReadLog(sums);
        if (counts is not null)
        {
            CodeUse[] uses =
                [.. counts.View.BaseView.GetAsArray(model.Device.Stream).Chunk(model.Options.CodeCount).Select(of => Elbo.CodeUse.Of(of))];
            CodeUse = uses[^1];
            TopCodeUse = uses.Length > 1 ? uses[0] : null;
        }
        if (levelKl is not null && samples == 1)
            LevelKl = Array.ConvertAll(levelKl.View.BaseView.GetAsArray(model.Device.Stream), sum => (double)sum / count);
        double reconstruction = 0, kl = 0;
        for (int i = 0; i < sums.Length; i += 2)
            (reconstruction, kl) = (reconstruction + sums[i], kl + sums[i + 1]);
        return new ElboParts(reconstruction / count, kl / count, model.Options.LossBeta);
    }

    public void Dispose()
    {
        schedules.Dispose();
        feed.Dispose();
        counts?.Dispose();
        levelKl?.Dispose();
    }

    private ScheduleBuilder Build(int batch, ulong seed, Binarization binarization, int samples)
    {
        var builder = new ScheduleBuilder(batch);
        PlannedTensor images = feed.AppendBatch(builder, model.Options.Shape.Pixels, binarization, seed);
        PlannedTensor? labels = model.Options.Classes > 0 ? feed.AppendLabels(builder) : null;
        LayerContext context = model.ContextOf(builder, labels);
        var noise = new NoiseSource(seed, RandomPurpose.Evaluation, feed.Step);
        var graph = new ElboGraph(model.Parts, context, images, noise, feed.KlWeight, samples);
        foreach ((PlannedTensor indices, int level) in (graph.CodeIndices ?? []).Select((indices, level) => (indices, level)))
        {
            CodeCount count = model.Device.Kernels.CodeCount;
            int codes = model.Options.CodeCount;
            ArrayView<float> ofCodes = counts!.View.BaseView.SubView(level * codes, codes);
            builder.Add("count codes", (double)indices.Length * ofCodes.Length, 4.0 * indices.Length, [indices], stream =>
                count.Add(stream, indices.View, ofCodes));
        }
        if (graph.LevelKl is { } ofLevels)
            AppendSums(context, ofLevels, levelKl!.View);
        StepEnd end = model.Device.Kernels.StepEnd;
        PlannedTensor reconstruction = graph.Reconstruction, kl = graph.Kl;
        builder.Add(
            "log loss", reconstruction.Length + kl.Length, 4.0 * (reconstruction.Length + kl.Length), [reconstruction, kl],
            stream => end.Close(stream, feed.LogOf(reconstruction, kl)));
        return builder;
    }

    /// <summary>Appends the addition of each row's sum, [levels, batch], to what <paramref name="sums"/> holds, [levels].</summary>
    private static void AppendSums(LayerContext context, PlannedTensor rows, ArrayView<float> sums)
    {
        Reduce reduce = context.Kernels.Reduce;
        Addition<Identity> addition = context.Kernels.Addition;
        PlannedTensor ofBatch = context.Builder.Tensor("KL of levels", 1, rows.Rows);
        context.Builder.Add("KL of levels", rows.Length, 4.0 * rows.Length, [rows, ofBatch], stream =>
        {
            for (int level = 0; level < rows.Rows; level++)
                reduce.Sum(
                    stream, rows.View.SubView((long)level * rows.Columns, rows.Columns), ofBatch.View.SubView(level, 1));
            addition.Forward(stream, sums, ofBatch.View, sums, sums);
        });
    }
}
