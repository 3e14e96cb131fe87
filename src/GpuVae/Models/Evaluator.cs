using GpuVae.Data;
using GpuVae.Elbo;
using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Options;
using GpuVae.Scheduling;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Models;

/// <summary>
/// Computes the loss terms of one image set again and again, with the set on the device. The noise of an image depends on the seed and the
/// image's place in the set alone.
/// </summary>
internal sealed class Evaluator : IDisposable
{
    // Fixed, because the noise is counted by batch and row: another size would give other noise.
    private const int BatchSize = 256;

    private readonly Vae model;
    private readonly int count;
    private readonly BatchFeed feed;
    private readonly Schedule? full, last;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> arena;
    private readonly int[] order;
    private readonly float[] rates, sums;

    /// <exception cref="BadInputException">The images are not of the model's shape, or there are none.</exception>
    public Evaluator(Vae model, ImageSet images, ulong seed, Binarization binarization = Binarization.None, int samples = 1)
    {
        images = model.Require(images);
        (this.model, count) = (model, images.Count);
        int steps = (count + BatchSize - 1) / BatchSize;
        feed = new BatchFeed(model.Device, images, BatchSize, steps);
        order = [.. Enumerable.Range(0, count)];
        // Nothing is learned here: of the rates only the weight of the KL term is used, by the weights of samples.
        rates = [.. Enumerable.Repeat(1f, 2 * steps)];
        sums = new float[2 * steps];
        ScheduleBuilder? fullBuilder = feed.FullBatches > 0 ? Build(BatchSize, seed, binarization, samples) : null;
        ScheduleBuilder? lastBuilder = feed.LastBatch > 0 ? Build(feed.LastBatch, seed, binarization, samples) : null;
        arena = model.Device.Accelerator.Allocate1D<float>(Math.Max(fullBuilder?.Plan() ?? 0, lastBuilder?.Plan() ?? 0));
        full = fullBuilder?.Bind(arena.View);
        last = lastBuilder?.Bind(arena.View);
    }

    public ElboParts Run()
    {
        feed.StartEpoch(0, 0, order, rates);
        for (int i = 0; i < feed.FullBatches; i++)
            full!.Run(model.Device.Stream);
        last?.Run(model.Device.Stream);
        feed.ReadLog(sums);
        double reconstruction = 0, kl = 0;
        for (int i = 0; i < sums.Length; i += 2)
            (reconstruction, kl) = (reconstruction + sums[i], kl + sums[i + 1]);
        return new ElboParts(reconstruction / count, kl / count, model.Options.LossBeta);
    }

    public void Dispose()
    {
        model.Device.Drain();
        full?.Dispose();
        last?.Dispose();
        feed.Dispose();
        arena.Dispose();
    }

    private ScheduleBuilder Build(int batch, ulong seed, Binarization binarization, int samples)
    {
        var builder = new ScheduleBuilder(batch);
        PlannedTensor images = feed.AppendBatch(builder, model.Options.Shape.Pixels, binarization, seed);
        PlannedTensor? labels = model.Options.Classes > 0 ? feed.AppendLabels(builder) : null;
        LayerContext context = model.ContextOf(builder, labels);
        var noise = new NoiseSource(seed, RandomPurpose.Evaluation, feed.Step);
        var graph = new ElboGraph(model.Parts, context, images, noise, feed.KlWeight, samples);
        StepEnd end = model.Device.Kernels.StepEnd;
        PlannedTensor reconstruction = graph.Reconstruction, kl = graph.Kl;
        builder.Add(
            "log loss", reconstruction.Length + kl.Length, 4.0 * (reconstruction.Length + kl.Length), [reconstruction, kl],
            stream => end.Close(stream, feed.LogOf(reconstruction, kl)));
        return builder;
    }
}
