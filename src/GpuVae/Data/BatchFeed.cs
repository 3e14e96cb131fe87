using GpuVae.Devices;
using GpuVae.Kernels.Training;
using GpuVae.Scheduling;

namespace GpuVae.Data;

/// <summary>
/// An image set on the device with what deals it out in batches: the order, a clock that counts the steps, the rates of each step and a log
/// of their losses. All of it lives on the device, so that a step is the same list of launches every time.
/// </summary>
internal sealed class BatchFeed : IDisposable
{
    private readonly ComputeDevice device;
    private readonly MemoryBuffer1D<byte, Stride1D.Dense> images;
    private readonly ImageWindows? windows;
    private readonly MemoryBuffer1D<int, Stride1D.Dense> order;
    private readonly MemoryBuffer1D<int, Stride1D.Dense>? labels;
    private readonly MemoryBuffer1D<long, Stride1D.Dense> clock;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> rates, current, log;
    private readonly long[] clockOnHost = new long[3];

    /// <param name="device">Where to put the images.</param>
    /// <param name="set">The images.</param>
    /// <param name="batchSize">Images of every batch but the last of an epoch, which holds the rest.</param>
    /// <param name="logEntries">Steps that the log holds before the oldest is overwritten.</param>
    public BatchFeed(ComputeDevice device, ImageSet set, int batchSize, int logEntries)
    {
        (this.device, BatchSize, Format) = (device, batchSize, set.Format);
        FullBatches = set.Count / batchSize;
        LastBatch = set.Count % batchSize;
        Accelerator accelerator = device.Accelerator;
        try
        {
            ImageCount = set.Count;
            order = accelerator.Allocate1D<int>(set.Count);
            if (set.IsStreamed)
            {
                int size = ImageWindows.SizeFor(set, batchSize);
                images = accelerator.Allocate1D<byte>(2L * size * set.PixelsPerImage * Format.BytesPerValue());
                labels = set.Labels is null ? null : accelerator.Allocate1D<int>(2L * size);
                windows = new ImageWindows(device, set, size, images.View, order.View, labels?.View ?? default(ArrayView<int>));
            }
            else
            {
                images = accelerator.Allocate1D<byte>(set.Pixels.LongLength);
                images.View.BaseView.CopyFromCPU(device.Stream, set.Pixels);
                labels = set.Labels is { } classes ? accelerator.Allocate1D(classes) : null;
            }
            clock = accelerator.Allocate1D<long>(clockOnHost.Length);
            rates = accelerator.Allocate1D<float>(2 * StepsPerEpoch);
            current = accelerator.Allocate1D<float>(2);
            log = accelerator.Allocate1D<float>(2 * logEntries);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int ImageCount { get; }

    /// <summary>How values are kept.</summary>
    public PixelFormat Format { get; }

    /// <summary>Images of a full batch.</summary>
    public int BatchSize { get; }

    /// <summary>Batches of the full size in an epoch.</summary>
    public int FullBatches { get; }

    /// <summary>Images of the smaller batch at the end of an epoch; 0 if the set divides evenly.</summary>
    public int LastBatch { get; }

    public int StepsPerEpoch => FullBatches + (LastBatch > 0 ? 1 : 0);

    /// <summary>Images of the batch of a step, counted from 0.</summary>
    public int SizeOf(long step) => step % StepsPerEpoch < FullBatches ? BatchSize : LastBatch;

    /// <summary>One element: the step under way, counted from 0.</summary>
    public ArrayView<long> Step => clock.View.BaseView.SubView(2, 1);

    /// <summary>One element: the learning rate of the step under way.</summary>
    public ArrayView<float> LearningRate => current.View.BaseView.SubView(0, 1);

    /// <summary>One element: the weight of the KL term in the step under way.</summary>
    public ArrayView<float> KlWeight => current.View.BaseView.SubView(1, 1);

    /// <summary>Of a streamed set, the windows that it comes in.</summary>
    public ImageWindows? Windows => windows;

    /// <summary>Has the images of a step, counted from 0, on the device; to be called before the step is enqueued.</summary>
    /// <exception cref="BadInputException">The set is streamed, and an image cannot be read.</exception>
    public void Require(long step) => windows?.Require((int)(step % StepsPerEpoch) * BatchSize, SizeOf(step));

    /// <summary>Sets the clock and the plan of an epoch.</summary>
    /// <param name="step">Steps done so far.</param>
    /// <param name="epochStart">Steps done when the epoch began.</param>
    /// <param name="permutation">[images].</param>
    /// <param name="ratesOfSteps">[steps of the epoch × 2]: learning rate and KL weight.</param>
    public void StartEpoch(long step, long epochStart, int[] permutation, float[] ratesOfSteps)
    {
        (clockOnHost[0], clockOnHost[1]) = (step, epochStart);
        clock.View.BaseView.Upload<long>(device.Stream, clockOnHost);
        if (windows is null)
            order.View.BaseView.Upload<int>(device.Stream, permutation);
        else
            windows.Start(permutation);
        rates.View.BaseView.Upload<float>(device.Stream, ratesOfSteps);
    }

    /// <summary>
    /// Appends the step that opens a training step and puts its batch together, or the part of it that begins with row
    /// <paramref name="first"/>; gives the images, [batch, pixels] in [0, 1].
    /// </summary>
    public PlannedTensor AppendBatch(ScheduleBuilder builder, int pixels, Binarization binarization, ulong seed, int first = 0)
    {
        if (binarization == Binarization.Static && windows is not null)
            throw new BadInputException(
                "Static binarisation is by an image's number, which a streamed set does not tell. Leave out DataOptions.IsStreamed.");
        if (binarization != Binarization.None && Format != PixelFormat.Byte)
            throw new BadInputException(
                $"Binarisation is for bytes; the images are in the format {Format}. Leave it out, or save them with 8 bits.");
        int batch = builder.Batch;
        PlannedTensor x = builder.Tensor("images", pixels);
        BatchPlan plan = PlanFrom(first);
        Gather gather = device.Kernels.Gather;
        double bytes = (Format.BytesPerValue() + 4.0) * batch * pixels;
        if (Format != PixelFormat.Byte)
            builder.Add("gather", (double)batch * pixels, bytes, [x], CopyOf(plan, x, pixels));
        else if (binarization == Binarization.None)
            builder.Add("gather", (double)batch * pixels, bytes, [x], stream => gather.Copy(stream, images.View, plan, x.View, pixels));
        else
            builder.Add(
                "gather + binarise", 20.0 * batch * pixels, bytes, [x],
                stream => gather.Binarize(stream, images.View, plan, x.View, pixels, binarization, seed));
        return x;
    }

    /// <summary>Appends the collection of the labels of the batch under way, [batch, 1]; the set must have some.</summary>
    public PlannedTensor AppendLabels(ScheduleBuilder builder, int first = 0)
    {
        PlannedTensor batch = builder.Tensor("labels", 1);
        LabelGather gather = device.Kernels.LabelGather;
        ArrayView<int> ofSet = labels!.View;
        BatchPlan plan = PlanFrom(first);
        builder.Add("labels", 0, 8.0 * batch.Length, [batch], stream => gather.Run(stream, ofSet, plan, batch.View));
        return batch;
    }

    /// <summary>What the launch that closes a training step is given; only when the schedule is bound.</summary>
    public StepLog LogOf(PlannedTensor reconstruction, PlannedTensor kl) => new(clock.View, reconstruction.View, kl.View, log.View);

    /// <summary>As the other of this name, for terms that have a log of their own, [entries × 2], whose second sums are 0.</summary>
    public StepLog LogOf(PlannedTensor terms, ArrayView<float> own) => new(clock.View, terms.View, terms.View.SubView(0, 0), own);

    /// <summary>
    /// Copies the log, [entries × 2] sums of reconstruction and KL term over a batch, entry (step mod entries); waits for the device.
    /// </summary>
    public void ReadLog(float[] destination) => log.View.BaseView.Download(device.Stream, destination);

    public void Dispose()
    {
        windows?.Dispose();
        foreach (IDisposable? buffer in (IEnumerable<IDisposable?>)[images, order, labels, clock, rates, current, log])
            buffer?.Dispose();
    }

    /// <summary>The launch for values that are no bytes.</summary>
    private Action<AcceleratorStream> CopyOf(BatchPlan plan, PlannedTensor x, int pixels)
    {
        ValueGather gather = device.Kernels.ValueGather;
        ArrayView<byte> raw = images.View;
        if (Format == PixelFormat.UInt16)
            return stream => gather.Copy(stream, raw.Cast<ushort>(), plan, x.View, pixels);
        return stream => gather.Copy(stream, raw.Cast<float>(), plan, x.View, pixels);
    }

    private BatchPlan PlanFrom(int first) => new(clock.View, order.View, rates.View, current.View, BatchSize, first);
}
