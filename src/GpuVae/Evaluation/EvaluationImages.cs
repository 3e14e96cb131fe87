using GpuVae.Data;
using GpuVae.Kernels.Training;
using GpuVae.Models;
using GpuVae.Scheduling;

namespace GpuVae.Evaluation;

/// <summary>
/// The images of a set on the device, batch after batch as a model is given them: scaled to [0, 1] and, if wanted, binarised. Every metric
/// sees the same draws.
/// </summary>
internal sealed class EvaluationImages : IDisposable
{
    /// <summary>Images of every batch but the last; a power of two. Fixed, because draws are counted by batch and row.</summary>
    public const int BatchSize = 256;

    private readonly Vae model;
    private readonly BatchFeed feed;
    private readonly Schedule? full, last;
    private readonly PlannedTensor? fullImages, lastImages;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> arena;
    private readonly MemoryBuffer1D<float, Stride1D.Dense>? labels;
    private readonly int[] order;
    private readonly float[] rates;

    /// <exception cref="BadInputException">The images are not of the model's shape, or there are none.</exception>
    public EvaluationImages(Vae model, ImageSet images, Binarization binarization, ulong seed)
    {
        images = model.Require(images);
        (this.model, Count) = (model, images.Count);
        feed = new BatchFeed(model.Device, images, BatchSize, 1);
        order = [.. Enumerable.Range(0, Count)];
        rates = new float[2 * feed.StepsPerEpoch];
        int pixels = model.Options.Shape.Pixels;
        try
        {
            arena = model.Device.Accelerator.Allocate1D<float>((long)BatchSize * pixels);
            arena.View.MemSetToZero(model.Device.Stream);
            if (model.Options.Classes > 0)
            {
                // Whole batches, as the images: what is beyond the last belongs to no image.
                float[] classes = new float[feed.StepsPerEpoch * BatchSize];
                images.Labels!.Select(label => (float)label).ToArray().CopyTo(classes, 0);
                labels = model.Device.Accelerator.Allocate1D(classes);
            }
            if (feed.FullBatches > 0)
                (full, fullImages) = Build(BatchSize);
            if (feed.LastBatch > 0)
                (last, lastImages) = Build(feed.LastBatch);
        }
        catch
        {
            Dispose();
            throw;
        }

        (Schedule, PlannedTensor) Build(int batch)
        {
            var builder = new ScheduleBuilder(batch);
            PlannedTensor x = feed.AppendBatch(builder, pixels, binarization, seed);
            Schedule schedule = builder.Bind(arena.View);
            return (schedule, x);
        }
    }

    /// <summary>Images in all.</summary>
    public int Count { get; }

    /// <summary>[<see cref="BatchSize"/>, pixels]: the batch under way; rows beyond it hold zeros or older images.</summary>
    public ArrayView<float> Block => arena.View;

    /// <summary>
    /// The classes of <paramref name="count"/> images from <paramref name="first"/> on; empty unless the model is conditional.
    /// </summary>
    public ArrayView<float> Labels(int first, int count) => labels is null ? default : labels.View.BaseView.SubView(first, count);

    /// <summary>
    /// Calls <paramref name="visit"/> with the first image's index, the number of images and their pixels [images, pixels].
    /// </summary>
    /// <exception cref="OperationCanceledException">Asked to stop between two batches.</exception>
    public void ForEach(Action<int, int, ArrayView<float>> visit, CancellationToken cancellation)
    {
        for (int batch = 0; batch < feed.StepsPerEpoch; batch++)
        {
            cancellation.ThrowIfCancellationRequested();
            // Nothing here closes a step, so the clock is set for each.
            feed.StartEpoch(batch, 0, order, rates);
            feed.Require(batch);
            bool isFull = batch < feed.FullBatches;
            (isFull ? full! : last!).Run(model.Device.Stream);
            visit(batch * BatchSize, isFull ? BatchSize : feed.LastBatch, (isFull ? fullImages! : lastImages!).View);
        }
    }

    public void Dispose()
    {
        model.Device.Drain();
        full?.Dispose();
        last?.Dispose();
        feed.Dispose();
        labels?.Dispose();
        arena?.Dispose();
    }
}
