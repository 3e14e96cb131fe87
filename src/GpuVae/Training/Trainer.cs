using System.Diagnostics;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GpuVae.Training;

/// <summary>
/// Trains a <see cref="Vae"/> with Adam. Every step is a replay of one schedule on the device: gather, forward, loss, backward, update;
/// only the losses come back, every <see cref="TrainingOptions.LogEverySteps"/> steps. The same options, images and device give the same
/// bits, also when the training was stopped anywhere and resumed.
/// </summary>
/// <remarks>
/// <para>One thread at a time, see <see cref="ComputeDevice"/>; handlers of the events are called inside and may use the model.</para>
/// <para>
/// After an exception of a handler, of the disk, or for want of memory between two steps, <see cref="Run"/> goes on where it was, to the
/// same bits. After one in the middle of a step (a lost device, no memory) and after a <see cref="TrainingDivergedException"/> the
/// trainer is of no use any more: all but <see cref="Dispose"/> then throws an <see cref="InvalidOperationException"/> that says why, and
/// the way on is <see cref="Resume"/> with the last checkpoint. A constructor that throws leaves nothing on the device.
/// </para>
/// </remarks>
public sealed partial class Trainer : IDisposable
{
    // The test set's noise is the same in every epoch, so that its loss moves with the weights only.
    private const ulong TestSeed = 0;

    private readonly bool ownsModel;
    private readonly int imageCount;
    private readonly RunRecord record;
    private readonly TrainingState state;
    private readonly BatchFeed feed;
    private readonly BatchSchedules schedules;
    private readonly Evaluator? evaluator;
    private readonly PerceptualTerm? perceptual;
    private readonly Discriminator? discriminator;
    private readonly HealthWatch health;
    private readonly int[] order;
    private readonly float[] rates, log, distanceLog, hingeLog, scoreLog;
    private readonly ILogger logger;

    // Over the images of the epoch so far; part of the checkpoint, so that a resumed epoch reports all of itself.
    private readonly LossSums epochSums, intervalSums;
    private readonly Stopwatch running = new(), epochTime = new();
    private long step, loggedStep, keptStep, epochInDevice = -1, imagesSinceStart, imagesOfEpochHere, intervalStart;

    // Whether the steps of an epoch are done and their losses not yet told, which takes the sums back to 0.
    private bool isEpochToEnd;

    // What broke a step, after which the device's state is not that of any step.
    private Exception? failure;
    private bool isDisposed;

    /// <summary>Makes the schedules and puts the images on the device.</summary>
    /// <param name="model">Trained in place; stays the caller's.</param>
    /// <param name="images">The training set.</param>
    /// <param name="options">How to train.</param>
    /// <param name="test">Evaluated after every epoch, if given.</param>
    /// <param name="logger">Told of epochs, warnings, checkpoints and failures; of checkpoints in another thread.</param>
    /// <param name="perceptual">The network of <see cref="TrainingOptions.Perceptual"/>; null without that.</param>
    /// <exception cref="BadInputException">An option is out of range, or the images do not fit the model or the batch size.</exception>
    public Trainer(
        Vae model, ImageSet images, TrainingOptions? options = null, ImageSet? test = null, ILogger? logger = null,
        FrozenNetwork? perceptual = null)
        : this(model, images, options ?? new TrainingOptions(), test, logger, perceptual, ownsModel: false)
    {
    }

    private Trainer(
        Vae model, ImageSet images, TrainingOptions options, ImageSet? test, ILogger? logger, FrozenNetwork? network, bool ownsModel)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(images);
        options.Validate();
        if (options.EarlyStopping > 0 && test is null)
            throw new BadInputException("TrainingOptions.EarlyStopping looks at the test loss; give the trainer a test set.");
        if (model.Options.IsQuantized && (options.KlWarmupEpochs > 0 || options.KlCycles > 0))
            throw new BadInputException(
                "Discrete codes have no KL term to warm up; leave TrainingOptions.KlWarmupEpochs and TrainingOptions.KlCycles out.");
        if ((options.Perceptual is null) != (network is null))
            throw new BadInputException(
                "TrainingOptions.Perceptual and the network that a trainer is given go together; one of them is missing.");
        if (options.Perceptual is not null && model.Options.Objective == Objective.Iwae)
            throw new BadInputException(
                "TrainingOptions.Perceptual compares one reconstruction with each image, and VaeOptions.Objective = Iwae weighs several. "
                + "Use VaeOptions.Objective = Elbo.");
        options.Adversarial?.RequireFor(model.Options);
        if (options.Adversarial is not null && model.Parts.Decoder.Layers[^1] is not WeightedLayer)
            throw new BadInputException(
                "TrainingOptions.Adversarial is weighed by the gradients of the decoder's last layer, which must be a linear layer or a "
                + "convolution. Leave it out.");
        var data = DataDigest.Of(images, test);
        images = model.Require(images);
        test = test is null ? null : model.Require(test);
        if (options.StepSize > images.Count)
            throw new BadInputException(
                $"A batch of {options.StepSize} images cannot be made from {images.Name} with {images.Count}. "
                + $"Choose TrainingOptions.BatchSize up to {images.Count / options.Accumulation}.");
        using DeviceGate.Scope scope = model.Device.Enter("making a Trainer");
        (Model, Options, this.ownsModel, imageCount) = (model, options, ownsModel, images.Count);
        this.logger = logger ?? NullLogger.Instance;
        try
        {
            if (test is not null)
                evaluator = new Evaluator(model, test, TestSeed, samples: model.Options.Samples);
            health = new HealthWatch(model, images, test, options.DynamicBinarization);
            state = new TrainingState(model, options);
            feed = new BatchFeed(model.Device, images, options.StepSize, options.LogEverySteps);
            if (options.Perceptual is { } term)
                perceptual = new PerceptualTerm(model.Device, network!, model.Options.Shape, term, options.LogEverySteps);
            if (options.Adversarial is { } adversarial)
                discriminator = new Discriminator(
                    model.Device, model.Options.Shape, adversarial, options.Seed, options.LogEverySteps);
            record = new RunRecord(model, options, data, state, feed.StepsPerEpoch, this.logger, discriminator, perceptual);
            epochSums = new LossSums(discriminator is not null, perceptual is not null);
            intervalSums = new LossSums(discriminator is not null, perceptual is not null);
            order = new int[imageCount];
            rates = new float[2 * feed.StepsPerEpoch];
            int entries = 2 * options.LogEverySteps;
            (log, distanceLog, hingeLog, scoreLog) = (new float[entries], new float[entries], new float[entries], new float[entries]);
            TrainingStep[] phases =
            [
                new(model, options, feed, state, perceptual),
                .. discriminator is null ? (TrainingStep[])[] : [new(model, options, feed, state, perceptual, discriminator)],
            ];
            schedules = new BatchSchedules(model.Device, feed, [.. phases.Select<TrainingStep, Func<int, ScheduleBuilder>>(
                phase => phase.Build)]);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Every <see cref="TrainingOptions.LogEverySteps"/> steps and at the end of an epoch, on the training thread.</summary>
    public event Action<TrainingProgress>? Progressed;

    /// <summary>After every step has been enqueued by <see cref="Run"/>, on the training thread, before a checkpoint that is due.</summary>
    public event Action? Stepped;

    /// <summary>After every epoch, on the training thread, before the epoch's checkpoint is written.</summary>
    public event Action<EpochSummary>? EpochCompleted;

    /// <summary>What is trained; between steps it can be used like any other.</summary>
    public Vae Model { get; }

    /// <summary>As given, checked.</summary>
    public TrainingOptions Options { get; }

    /// <summary>Where the run is kept; null where it is not. See <see cref="KeepIn"/>.</summary>
    public RunFolder? Folder => record.Folder;

    /// <summary>The epochs that are done, those before a resume included.</summary>
    public IReadOnlyList<MetricsLine> History => record.History;

    /// <summary>The epoch whose weights are the best so far, see <see cref="MetricsLine.Best"/>; null without a test set.</summary>
    public MetricsLine? BestEpoch => record.Best;

    /// <summary>Optimizer steps done.</summary>
    public long Step => step;

    /// <summary>Optimizer steps in all.</summary>
    public long Steps => (long)feed.StepsPerEpoch * Options.Epochs;

    /// <summary>
    /// Sizes of the maps in which the network of <see cref="TrainingOptions.Perceptual"/> compares images, those that fit them; empty
    /// without that.
    /// </summary>
    public IReadOnlyList<ImageShape> PerceptualMaps => perceptual?.Maps ?? [];

    /// <summary>The launches of one optimizer step with their operations and bytes.</summary>
    public Schedule Schedule => schedules.First;

    /// <summary>Bytes on the device: weights, gradients, both moments and the activations' arena; the images not included.</summary>
    public long DeviceBytes =>
        (state.Buffers * Model.Parameters.Values.Length + schedules.ArenaLength + (perceptual?.Length ?? 0)
            + (discriminator?.Length ?? 0)) * sizeof(float);

    internal TrainingState State => state;

    internal Discriminator? Discriminator => discriminator;

    /// <summary>The learning rates of steps, counted from 0, in the place of those that the options say.</summary>
    internal Func<long, double>? RateOf { get; init; }

    // Of the first step that the discriminator takes part in.
    private long AdversarialStart => (long)Math.Ceiling((Options.Adversarial?.StartEpochs ?? 0) * feed.StepsPerEpoch);

    private bool IsAtEndOfEpoch => step % feed.StepsPerEpoch == 0;

    internal RunRecord Record => record;

    /// <summary>
    /// Keeps the run in a folder from now on: after every epoch, and when the training stops, weights, options, metrics, a checkpoint, and
    /// the best weights, and every <see cref="TrainingOptions.CheckpointEverySteps"/> steps a checkpoint. They are written while the
    /// training goes on, and are on the disk when <see cref="Run"/> returns. What the folder's metrics tell of other epochs goes.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void KeepIn(RunFolder folder)
    {
        using DeviceGate.Scope scope = Model.Device.Enter("Trainer.KeepIn");
        record.WriteTo(folder, (int)(step / feed.StepsPerEpoch));
    }

    /// <summary>
    /// Trains to the end, or until <paramref name="cancellation"/> asks to stop: then the step under way is finished and the run kept.
    /// </summary>
    /// <exception cref="TrainingDivergedException">The loss or a weight is no finite number; the last good checkpoint stays.</exception>
    /// <exception cref="IOException">A checkpoint could not be written; the last good one stays.</exception>
    /// <exception cref="AcceleratorException">The device's driver fails; the last good checkpoint stays.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another thread is using the device, or an earlier failure has ended this training.
    /// </exception>
    public TrainingResult Run(CancellationToken cancellation = default)
    {
        using DeviceGate.Scope scope = Model.Device.Enter("Trainer.Run");
        RequireWhole();
        try
        {
            return RunSteps(cancellation);
        }
        catch (AcceleratorException error) when (DeviceErrors.Explain(error, $"training on {Model.Device.Name}, step {step}") is { } clear)
        {
            logger.Failed(clear, step, Steps);
            throw clear;
        }
        catch (Exception error)
        {
            logger.Failed(error, step, Steps);
            throw;
        }
    }

    private TrainingResult RunSteps(CancellationToken cancellation)
    {
        EpochSummary? summary = null;
        running.Restart();
        imagesSinceStart = 0;
        // What an exception, of a handler for instance, kept from being done at the end of an epoch comes first.
        if (step > 0 && keptStep != step && IsAtEndOfEpoch && !isEpochToEnd)
            Keep(epochEnds: true, withWeights: true);
        while (isEpochToEnd || (step < Steps && !record.IsToStop && !cancellation.IsCancellationRequested))
        {
            if (!isEpochToEnd)
                RunTimedStep();
            bool epochEnds = isEpochToEnd;
            if (epochEnds)
                summary = EndEpoch();
            Stepped?.Invoke();
            if (epochEnds || (Options.CheckpointEverySteps > 0 && step % Options.CheckpointEverySteps == 0))
                Keep(epochEnds, withWeights: epochEnds);
        }
        bool completed = step == Steps || record.IsToStop;
        if (!completed)
            Keep(epochEnds: false, withWeights: true);
        state.Show(isAverage: true);
        record.Wait();
        return new TrainingResult(completed, step, summary, StoppedEarly: completed && step < Steps);
    }

    private void RunTimedStep()
    {
        epochTime.Start();
        try
        {
            RunStep();
            if (IsAtEndOfEpoch)
                ReadLosses();
        }
        finally
        {
            epochTime.Stop();
        }
    }

    /// <summary>
    /// Enqueues one optimizer step; waits for the device only where the losses are due. <see cref="Run"/> is made of these.
    /// </summary>
    /// <exception cref="TrainingDivergedException">A loss that was due is no finite number.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another thread is using the device, or an earlier failure has ended this training.
    /// </exception>
    public void RunStep()
    {
        using DeviceGate.Scope scope = Model.Device.Enter("Trainer.RunStep");
        RequireWhole();
        if (isEpochToEnd)
        {
            // Nobody wants to hear of this epoch, and the next one's losses are to be its own.
            ReadLosses();
            epochSums.Clear();
        }
        if (step == loggedStep)
            intervalStart = Stopwatch.GetTimestamp();
        // It knows the codes of other weights.
        Model.Sampler = null;
        try
        {
            state.Show(isAverage: false);
            long epoch = step / feed.StepsPerEpoch;
            if (epoch != epochInDevice)
                StartEpoch(epoch, step);
            schedules.Run(step, discriminator is not null && step >= AdversarialStart ? 1 : 0);
        }
        catch (Exception error)
        {
            failure = error;
            throw;
        }
        int batch = feed.SizeOf(step++);
        isEpochToEnd = IsAtEndOfEpoch;
        imagesSinceStart += batch;
        imagesOfEpochHere += batch;
        if (step - loggedStep == Options.LogEverySteps)
            ReadLosses();
    }

    /// <summary>
    /// Times each step of <see cref="Schedule"/>: the median of <paramref name="repeats"/> optimizer steps that are not counted as training
    /// but change the weights all the same.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> asked to stop between two optimizer steps.</exception>
    public IReadOnlyList<(ScheduleStep Step, TimeSpan Time)> Profile(int repeats, CancellationToken cancellation = default)
    {
        using DeviceGate.Scope scope = Model.Device.Enter("Trainer.Profile");
        RequireWhole();
        // Every run is the first step of the first epoch; the next training step puts it right again.
        try
        {
            state.Show(isAverage: false);
            TimeSpan[] times = Schedule.Profile(Model.Device.Stream, repeats, () =>
            {
                cancellation.ThrowIfCancellationRequested();
                StartEpoch(0, atStep: 0);
            });
            return [.. Schedule.Steps.Zip(times)];
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            failure = error;
            throw;
        }
        finally
        {
            epochInDevice = -1;
        }
    }

    /// <summary>Writes the whole state; see <see cref="TrainingCheckpoint"/>.</summary>
    /// <exception cref="TrainingDivergedException">A weight or moment is no finite number: such a state is not worth keeping.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written; the previous checkpoint stays.</exception>
    public void Save(string path)
    {
        using DeviceGate.Scope scope = Model.Device.Enter("Trainer.Save");
        RequireWhole();
        ReadLosses();
        record.Save(path, step, epochSums.Values);
    }

    /// <summary>Waits for the device and frees all but a model that is the caller's.</summary>
    /// <exception cref="InvalidOperationException">Another thread is using the device; nothing is freed.</exception>
    public void Dispose()
    {
        using DeviceGate.Scope scope = Model.Device.EnterToDispose("Trainer.Dispose");
        isDisposed = true;
        try
        {
            record?.Wait();
        }
        catch (IOException)
        {
            // Whoever disposes without having waited for the end of a run does not want to know.
        }
        evaluator?.Dispose();
        health?.Dispose();
        schedules?.Dispose();
        feed?.Dispose();
        perceptual?.Dispose();
        discriminator?.Dispose();
        state?.Dispose();
        if (ownsModel)
            Model.Dispose();
    }

    private void StartEpoch(long epoch, long atStep)
    {
        long start = epoch * feed.StepsPerEpoch;
        if (feed.Windows is { } windows)
            EpochOrder.FillBlocks(order, Options.Seed, epoch, windows.Block, windows.Size);
        else
            EpochOrder.Fill(order, Options.Seed, epoch);
        for (int i = 0; i < feed.StepsPerEpoch; i++)
        {
            rates[2 * i] = (float)(RateOf?.Invoke(start + i) ?? Options.LearningRateAt(start + i, feed.StepsPerEpoch));
            rates[2 * i + 1] = (float)(Model.Options.KlRate * Options.KlWeightAt(start + i, feed.StepsPerEpoch));
        }
        feed.StartEpoch(atStep, start, order, rates);
        discriminator?.StartEpoch(
            Math.Max(0, atStep - AdversarialStart),
            Options.LearningRateAt(start, feed.StepsPerEpoch) / Options.LearningRateAt(AdversarialStart, feed.StepsPerEpoch));
        epochInDevice = epoch;
    }

    /// <summary>Brings the losses of the steps since the last look to the host and checks them.</summary>
    private void ReadLosses()
    {
        if (step == loggedStep)
            return;
        try
        {
            feed.ReadLog(log);
            perceptual?.Log.Download<float>(Model.Device.Stream, distanceLog);
            discriminator?.ReadLog(hingeLog, scoreLog);
        }
        catch (Exception error)
        {
            failure = error;
            throw;
        }
        intervalSums.Clear();
        long images = 0, first = loggedStep, start = AdversarialStart;
        for (long s = first; s < step; s++)
        {
            int entry = (int)(s % Options.LogEverySteps);
            RequireFinite(s + 1, "reconstruction term", log[2 * entry]);
            RequireFinite(s + 1, "KL term", log[2 * entry + 1]);
            intervalSums.Add(log[2 * entry], log[2 * entry + 1]);
            epochSums.Add(log[2 * entry], log[2 * entry + 1]);
            images += feed.SizeOf(s);
            if (perceptual is not null)
            {
                RequireFinite(s + 1, "distance of features", distanceLog[2 * entry]);
                intervalSums.AddDistance(distanceLog[2 * entry]);
                epochSums.AddDistance(distanceLog[2 * entry]);
            }
            if (discriminator is null || s < start)
                continue;
            int own = (int)((s - start) % Options.LogEverySteps);
            double hinges = (hingeLog[2 * own] + (double)hingeLog[2 * own + 1]) / discriminator.Places;
            double generator = -scoreLog[2 * own] / (double)discriminator.Places;
            RequireFinite(s + 1, "discriminator's loss", hinges);
            intervalSums.Add(hinges, generator, scoreLog[2 * own + 1], feed.SizeOf(s));
            epochSums.Add(hinges, generator, scoreLog[2 * own + 1], feed.SizeOf(s));
        }
        loggedStep = step;
        Report(images, step - first);
    }

    private EpochSummary EndEpoch()
    {
        ReadLosses();
        ElboParts train = epochSums.Mean(imageCount, Model.Options.LossBeta);
        AdversarialParts? adversarial = epochSums.Adversarial;
        double seconds = epochTime.Elapsed.TotalSeconds;
        state.Show(isAverage: true);
        ElboParts? test = evaluator?.Run();
        if (test is { } parts)
        {
            RequireFinite(step, "reconstruction term on the test set", parts.Reconstruction);
            RequireFinite(step, "KL term on the test set", parts.Kl);
        }
        var summary = new EpochSummary(
            (int)(step / feed.StepsPerEpoch), train, test, seconds, imagesOfEpochHere / Math.Max(seconds, 1e-9), Model.Device.Name)
        {
            Warnings = [.. health.Look(evaluator?.CodeUse, evaluator?.TopCodeUse), .. DiscriminatorHealth.Look(adversarial)],
            Codes = evaluator?.CodeUse,
            TopCodes = evaluator?.TopCodeUse,
            Adversarial = adversarial,
            FeatureDistance = epochSums.MeanDistance(imageCount),
            LevelKl = evaluator?.LevelKl,
        };
        epochSums.Clear();
        isEpochToEnd = false;
        epochTime.Reset();
        imagesOfEpochHere = 0;
        record.Add(summary);
        Log(summary);
        EpochCompleted?.Invoke(summary);
        return summary;
    }

    private void Keep(bool epochEnds, bool withWeights)
    {
        ReadLosses();
        if (Folder is not null || step == Steps)
        {
            try
            {
                record.Write(step, epochSums.Values, epochEnds, withWeights);
            }
            catch (TrainingDivergedException error)
            {
                failure = error;
                throw;
            }
        }
        keptStep = step;
    }

    private void RequireFinite(long atStep, string term, double value)
    {
        if (double.IsFinite(value))
            return;
        var diverged = new TrainingDivergedException(atStep, term, value, Folder?.Checkpoint);
        failure = diverged;
        throw diverged;
    }

    private void RequireWhole()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        // Throws where the model is disposed.
        _ = Model.Parameters;
        if (failure is not null)
            throw new InvalidOperationException(
                $"This training was ended after step {step} by a failure, and its state on the device is not to be gone on with: "
                + $"{failure.Message} Dispose the trainer and go on with Trainer.Resume from the last checkpoint.", failure);
    }
}
