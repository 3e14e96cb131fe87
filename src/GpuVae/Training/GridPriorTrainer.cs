using System.Diagnostics;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Training;
using GpuVae.Models;
using GpuVae.Scheduling;

namespace GpuVae.Training;

/// <summary>What one epoch of a <see cref="GridPriorTrainer"/> gave.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Train">−ln p of the codes of an image while they were trained on, nats.</param>
/// <param name="Test">After the epoch, on the test set; null without one.</param>
/// <param name="ImagesPerSecond">Images trained on per second.</param>
public sealed record GridPriorEpoch(int Epoch, double Train, double? Test, double ImagesPerSecond);

/// <summary>
/// Trains a <see cref="GridPrior"/> on the codes of images with Adam. The same options, images and device give the same bits.
/// </summary>
/// <remarks>
/// Of the options of training those count that say how long, how fast and with what Adam: epochs, batch size, learning rate and its
/// schedule, seed, Adam's decays, weight decay and gradient clipping.
/// </remarks>
public sealed class GridPriorTrainer
{
    private readonly GridPrior prior;
    private readonly ImageSet images;
    private readonly ImageSet? test;
    private readonly TrainingOptions options;

    /// <param name="prior">Trained in place; stays the caller's.</param>
    /// <param name="images">Of the shape of the prior's model.</param>
    /// <param name="options">How to train.</param>
    /// <param name="test">Evaluated after every epoch, if given.</param>
    /// <exception cref="BadInputException">An option is out of range, or the images do not fit.</exception>
    public GridPriorTrainer(GridPrior prior, ImageSet images, TrainingOptions? options = null, ImageSet? test = null)
    {
        ArgumentNullException.ThrowIfNull(prior);
        ArgumentNullException.ThrowIfNull(images);
        (this.prior, this.options) = (prior, options ?? new TrainingOptions());
        this.options.Validate();
        this.images = prior.Require(images);
        this.test = test is null ? null : prior.Require(test);
        if (this.options.BatchSize > images.Count)
            throw new BadInputException(
                $"A batch of {this.options.BatchSize} images cannot be made from {images.Name} with {images.Count}. "
                + $"Choose TrainingOptions.BatchSize up to {images.Count}.");
    }

    /// <summary>After every epoch, on the calling thread.</summary>
    public event Action<GridPriorEpoch>? EpochCompleted;

    /// <summary>Trains to the end, or until the end of the epoch in which <paramref name="cancellation"/> asks to stop.</summary>
    /// <returns>The last epoch; null where none was begun.</returns>
    /// <exception cref="TrainingDivergedException">The loss is no finite number.</exception>
    public GridPriorEpoch? Run(CancellationToken cancellation = default)
    {
        ComputeDevice device = prior.Model.Device;
        using DeviceGate.Scope scope = device.Enter("GridPriorTrainer.Run");
        Accelerator accelerator = device.Accelerator;
        long length = prior.Parameters.Values.Length;
        DeviceMemory.Require(device, 4 * length, "weights, gradients and their moments");
        using MemoryBuffer1D<float, Stride1D.Dense> gradients = accelerator.Allocate1D<float>(length);
        using MemoryBuffer1D<float, Stride1D.Dense> first = accelerator.Allocate1D<float>(length);
        using MemoryBuffer1D<float, Stride1D.Dense> second = accelerator.Allocate1D<float>(length);
        using MemoryBuffer1D<float, Stride1D.Dense> norm = accelerator.Allocate1D<float>(1);
        foreach (MemoryBuffer1D<float, Stride1D.Dense> buffer in (MemoryBuffer1D<float, Stride1D.Dense>[])[gradients, first, second])
            buffer.View.BaseView.MemSetToZero(device.Stream);
        int steps = (images.Count + options.BatchSize - 1) / options.BatchSize;
        using var feed = new BatchFeed(device, images, options.BatchSize, steps);
        var adam = new Adam(accelerator, new AdamOptions
        {
            Beta1 = options.AdamBeta1,
            Beta2 = options.AdamBeta2,
            Epsilon = options.AdamEpsilon,
            WeightDecay = options.WeightDecay,
            Decoupled = true,
            MaxGradientNorm = options.GradientClip,
        });
        Reduce reduce = device.Kernels.Reduce;
        using var schedules = new BatchSchedules(device, feed, batch =>
        {
            var builder = new ScheduleBuilder(batch);
            (PlannedTensor terms, Action backward) = prior.AppendLoss(builder, feed, gradients.View);
            backward();
            PlannedTensor none = prior.AppendZero(builder);
            if (options.GradientClip > 0)
                builder.Add("gradient norm", 2.0 * length, 4.0 * length, [], stream =>
                    reduce.SumOfSquares(stream, gradients.View, norm.View));
            builder.Add(
                "Adam + log loss", 14.0 * length, 28.0 * length, [terms, none], stream => adam.Update(
                    stream, prior.Parameters.Values, gradients.View, first.View, second.View, feed.LearningRate, norm.View,
                    feed.LogOf(terms, none)));
            return builder;
        });
        GridPriorEpoch? last = null;
        for (int epoch = 0; epoch < options.Epochs && !cancellation.IsCancellationRequested; epoch++)
        {
            last = RunEpoch(epoch, feed, schedules);
            EpochCompleted?.Invoke(last);
        }
        return last;
    }

    private GridPriorEpoch RunEpoch(int epoch, BatchFeed feed, BatchSchedules schedules)
    {
        var watch = Stopwatch.StartNew();
        int steps = feed.StepsPerEpoch;
        long start = (long)epoch * steps;
        int[] order = new int[images.Count];
        if (feed.Windows is { } windows)
            EpochOrder.FillBlocks(order, options.Seed, epoch, windows.Block, windows.Size);
        else
            EpochOrder.Fill(order, options.Seed, epoch);
        float[] rates = new float[2 * steps], log = new float[2 * steps];
        for (int i = 0; i < steps; i++)
            rates[2 * i] = (float)options.LearningRateAt(start + i, steps);
        feed.StartEpoch(start, start, order, rates);
        for (int step = 0; step < steps; step++)
            schedules.Run(start + step);
        feed.ReadLog(log);
        double sum = 0;
        for (int i = 0; i < steps; i++)
        {
            if (!float.IsFinite(log[2 * i]))
                throw new TrainingDivergedException(start + i + 1, "loss of the codes", log[2 * i], null);
            sum += log[2 * i];
        }
        double seconds = Math.Max(watch.Elapsed.TotalSeconds, 1e-9);
        return new GridPriorEpoch(
            epoch + 1, sum / images.Count, test is null ? null : prior.Evaluate(test), images.Count / seconds);
    }
}
