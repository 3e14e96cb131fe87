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
/// <param name="IsBest">Whether no epoch before had as low a <paramref name="Test"/>; without a test set each one is.</param>
/// <param name="ImagesPerSecond">Images trained on per second.</param>
public sealed record GridPriorEpoch(int Epoch, double Train, double? Test, bool IsBest, double ImagesPerSecond);

/// <summary>A look at a running <see cref="GridPriorTrainer"/>.</summary>
/// <param name="Epoch">The epoch under way, from 1.</param>
/// <param name="Step">Steps taken since the very first, those before a resume included.</param>
/// <param name="Loss">−ln p of the codes of an image, mean of the epoch so far, nats.</param>
/// <param name="ImagesPerSecond">Of the epoch so far.</param>
/// <param name="Remaining">Estimated time to the end at that rate.</param>
public sealed record GridPriorProgress(int Epoch, long Step, double Loss, double ImagesPerSecond, TimeSpan Remaining);

/// <summary>
/// Trains a <see cref="GridPrior"/> on the codes of images with Adam. The same options, images and device give the same bits, also where
/// the training was interrupted: see <see cref="Save"/> and <see cref="Resume"/>.
/// </summary>
/// <remarks>
/// Of the options of training those count that say how long, how fast and with what Adam: epochs, batch size, learning rate and its
/// schedule, seed, Adam's decays, weight decay and gradient clipping.
/// </remarks>
public sealed class GridPriorTrainer : IDisposable
{
    private readonly ImageSet images;
    private readonly ImageSet? test;
    private readonly TrainingOptions options;
    private readonly DataDigest data;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> gradients, first, second, norm;
    private readonly BatchFeed feed;
    private readonly BatchSchedules schedules;
    private bool ownsPrior;
    private long step;
    private double? best;

    /// <param name="prior">Trained in place; stays the caller's.</param>
    /// <param name="images">Of the shape of the prior's model.</param>
    /// <param name="options">How to train.</param>
    /// <param name="test">Evaluated after every epoch, if given.</param>
    /// <exception cref="BadInputException">An option is out of range, or the images do not fit.</exception>
    public GridPriorTrainer(GridPrior prior, ImageSet images, TrainingOptions? options = null, ImageSet? test = null)
    {
        ArgumentNullException.ThrowIfNull(prior);
        ArgumentNullException.ThrowIfNull(images);
        (Prior, this.options) = (prior, options ?? new TrainingOptions());
        this.options.Validate();
        this.images = prior.Require(images);
        this.test = test is null ? null : prior.Require(test);
        if (this.options.BatchSize > images.Count)
            throw new BadInputException(
                $"A batch of {this.options.BatchSize} images cannot be made from {images.Name} with {images.Count}. "
                + $"Choose TrainingOptions.BatchSize up to {images.Count}.");
        data = DataDigest.Of(images, test);
        ComputeDevice device = prior.Model.Device;
        using DeviceGate.Scope scope = device.Enter("making a GridPriorTrainer");
        long length = prior.Parameters.Values.Length;
        DeviceMemory.Require(device, 4 * length, "weights, gradients and their moments");
        try
        {
            gradients = device.Accelerator.Allocate1D<float>(length);
            first = device.Accelerator.Allocate1D<float>(length);
            second = device.Accelerator.Allocate1D<float>(length);
            norm = device.Accelerator.Allocate1D<float>(1);
            foreach (MemoryBuffer1D<float, Stride1D.Dense> buffer in (MemoryBuffer1D<float, Stride1D.Dense>[])[gradients, first, second])
                buffer.View.BaseView.MemSetToZero(device.Stream);
            int steps = (images.Count + this.options.BatchSize - 1) / this.options.BatchSize;
            feed = new BatchFeed(device, this.images, this.options.BatchSize, steps);
            schedules = new BatchSchedules(device, feed, BuilderOf);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What is trained.</summary>
    public GridPrior Prior { get; }

    /// <summary>Steps taken since the very first, those before a resume included.</summary>
    public long Step => step;

    /// <summary>Steps in all.</summary>
    public long Steps => (long)options.Epochs * feed.StepsPerEpoch;

    /// <summary>After every epoch, on the calling thread.</summary>
    public event Action<GridPriorEpoch>? EpochCompleted;

    /// <summary>
    /// After the first step of an epoch and then every <see cref="TrainingOptions.LogEverySteps"/>, on the calling thread, which waits for
    /// the device before.
    /// </summary>
    public event Action<GridPriorProgress>? Progressed;

    /// <summary>The steps of a full batch, in order.</summary>
    public Schedule Schedule => schedules.First;

    private int Epoch => (int)(step / feed.StepsPerEpoch);

    /// <summary>Goes on where <paramref name="checkpoint"/> was written, with a prior that it makes for that and owns.</summary>
    /// <param name="model">Whose codes; it stays the caller's.</param>
    /// <param name="checkpoint">The state.</param>
    /// <param name="images">The training set, with the same content in the same order.</param>
    /// <param name="test">Likewise, where there was one.</param>
    /// <param name="epochs">Another number of epochs in all; null keeps that of the checkpoint.</param>
    /// <exception cref="BadInputException">
    /// The model or the images are not those of the checkpoint, it holds what no training leaves, or it has more epochs behind it.
    /// </exception>
    public static GridPriorTrainer Resume(
        Vae model, GridPriorCheckpoint checkpoint, ImageSet images, ImageSet? test = null, int? epochs = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(checkpoint);
        checkpoint.Data.Require(images, test);
        TrainingOptions options = checkpoint.Training with { Epochs = epochs ?? checkpoint.Training.Epochs };
        if (checkpoint.Epoch > options.Epochs)
            throw new BadInputException(
                $"The checkpoint has {checkpoint.Epoch} epochs behind it; TrainingOptions.Epochs = {options.Epochs} are fewer.");
        GridPrior prior = checkpoint.MakePrior(model);
        GridPriorTrainer? trainer = null;
        try
        {
            trainer = new GridPriorTrainer(prior, images, options, test);
            checkpoint.Restore(prior.Parameters, trainer.first.View, trainer.second.View);
            (trainer.best, trainer.ownsPrior) = (checkpoint.BestTest, true);
            trainer.step = (long)checkpoint.Epoch * trainer.feed.StepsPerEpoch;
            return trainer;
        }
        catch
        {
            trainer?.Dispose();
            prior.Dispose();
            throw;
        }
    }

    /// <summary>Keeps the state of the training: before it begins, in <see cref="EpochCompleted"/>, or after it ended.</summary>
    /// <param name="path">Of the file that <see cref="GridPriorCheckpoint.Read"/> reads.</param>
    /// <exception cref="IOException">The disk is full or the place cannot be written; the previous checkpoint stays.</exception>
    public void Save(string path)
    {
        using DeviceGate.Scope scope = Prior.Model.Device.Enter("GridPriorTrainer.Save");
        GridPriorCheckpoint.Write(path, Prior, options, Epoch, best, data, first.View, second.View);
    }

    /// <summary>Trains to the end, or until the end of the epoch in which <paramref name="cancellation"/> asks to stop.</summary>
    /// <returns>The last epoch; null where none was begun.</returns>
    /// <exception cref="TrainingDivergedException">The loss is no finite number.</exception>
    public GridPriorEpoch? Run(CancellationToken cancellation = default)
    {
        using DeviceGate.Scope scope = Prior.Model.Device.Enter("GridPriorTrainer.Run");
        GridPriorEpoch? last = null;
        while (Epoch < options.Epochs && !cancellation.IsCancellationRequested)
        {
            last = RunEpoch();
            EpochCompleted?.Invoke(last);
        }
        return last;
    }

    /// <summary>Enqueues the next step alone, for who measures how long it takes; does not wait for the device.</summary>
    public void RunStep()
    {
        using DeviceGate.Scope scope = Prior.Model.Device.Enter("GridPriorTrainer.RunStep");
        if (step % feed.StepsPerEpoch == 0)
            StartEpoch();
        schedules.Run(step % feed.StepsPerEpoch);
        step++;
    }

    /// <summary>Waits for the device and frees gradients and moments, and the prior where it is the trainer's.</summary>
    /// <exception cref="InvalidOperationException">Another thread is using the device; nothing is freed.</exception>
    public void Dispose()
    {
        using DeviceGate.Scope scope = Prior.Model.Device.EnterToDispose("GridPriorTrainer.Dispose");
        // What the constructor could not make is missing.
        schedules?.Dispose();
        feed?.Dispose();
        MemoryBuffer1D<float, Stride1D.Dense>?[] buffers = [gradients, first, second, norm];
        foreach (MemoryBuffer1D<float, Stride1D.Dense>? buffer in buffers)
            buffer?.Dispose();
        if (ownsPrior)
            Prior.Dispose();
    }

    private ScheduleBuilder BuilderOf(int batch)
    {
        var builder = new ScheduleBuilder(batch);
        (PlannedTensor terms, Action backward) = Prior.AppendLoss(builder, feed, gradients.View);
        backward();
        PlannedTensor none = Prior.AppendZero(builder);
        Reduce reduce = Prior.Model.Device.Kernels.Reduce;
        long length = gradients.Length;
        if (options.GradientClip > 0)
            builder.Add("gradient norm", 2.0 * length, 4.0 * length, [], stream =>
                reduce.SumOfSquares(stream, gradients.View, norm.View));
        var adam = new Adam(Prior.Model.Device.Accelerator, new AdamOptions
        {
            Beta1 = options.AdamBeta1,
            Beta2 = options.AdamBeta2,
            Epsilon = options.AdamEpsilon,
            WeightDecay = options.WeightDecay,
            Decoupled = true,
            MaxGradientNorm = options.GradientClip,
        });
        builder.Add(
            "Adam + log loss", 14.0 * length, 28.0 * length, [terms, none], stream => adam.Update(
                stream, Prior.Parameters.Values, gradients.View, first.View, second.View, feed.LearningRate, norm.View,
                feed.LogOf(terms, none)));
        return builder;
    }

    private void StartEpoch()
    {
        int[] order = new int[images.Count];
        if (feed.Windows is { } windows)
            EpochOrder.FillBlocks(order, options.Seed, Epoch, windows.Block, windows.Size);
        else
            EpochOrder.Fill(order, options.Seed, Epoch);
        float[] rates = new float[2 * feed.StepsPerEpoch];
        for (int i = 0; i < feed.StepsPerEpoch; i++)
            rates[2 * i] = (float)options.LearningRateAt(step + i, feed.StepsPerEpoch);
        feed.StartEpoch(step, step, order, rates);
    }

    private GridPriorEpoch RunEpoch()
    {
        var watch = Stopwatch.StartNew();
        int steps = feed.StepsPerEpoch;
        long start = step / steps * steps;
        float[] log = new float[2 * steps];
        do
        {
            RunStep();
            if (Progressed is not null && (step - start - 1) % options.LogEverySteps == 0 && step - start < steps)
                Report();
        }
        while (step % steps > 0);
        feed.ReadLog(log);
        double sum = 0;
        for (int i = 0; i < steps; i++)
        {
            if (!float.IsFinite(log[2 * i]))
                throw new TrainingDivergedException(start + i + 1, "loss of the codes", log[2 * i], null);
            sum += log[2 * i];
        }
        double seconds = Math.Max(watch.Elapsed.TotalSeconds, 1e-9);
        double? ofTest = test is null ? null : Prior.Evaluate(test);
        bool isBest = ofTest is null || !(ofTest >= best);
        best = isBest ? ofTest : best;
        return new GridPriorEpoch(Epoch, sum / images.Count, ofTest, isBest, images.Count / seconds);

        void Report()
        {
            feed.ReadLog(log);
            int done = (int)(step - start);
            double total = 0, rate = done / Math.Max(watch.Elapsed.TotalSeconds, 1e-9);
            for (int i = 0; i < done; i++)
                total += log[2 * i];
            int seen = done * options.BatchSize;
            Progressed(new GridPriorProgress(
                (int)(start / steps) + 1, step, total / seen, rate * options.BatchSize, TimeSpan.FromSeconds((Steps - step) / rate)));
        }
    }
}
