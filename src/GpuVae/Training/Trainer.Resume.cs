using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Layers;
using GpuVae.Models;
using Microsoft.Extensions.Logging;

namespace GpuVae.Training;

// Going on with a training that was interrupted.
public sealed partial class Trainer
{
    /// <summary>Goes on where <paramref name="checkpoint"/> was written. The trainer owns the model that it makes for that.</summary>
    /// <param name="device">May be another than before; the bits then differ as far as the devices' arithmetic does.</param>
    /// <param name="checkpoint">The state.</param>
    /// <param name="images">The training set of the run, with the same content in the same order.</param>
    /// <param name="test">Evaluated after every epoch, if given.</param>
    /// <param name="epochs">Another number of epochs in all; null keeps that of the run.</param>
    /// <param name="earlyStopping">Another <see cref="TrainingOptions.EarlyStopping"/>; null keeps that of the run.</param>
    /// <param name="logger">As for the constructor.</param>
    /// <param name="perceptual">The network of <see cref="TrainingOptions.Perceptual"/>, the same as before.</param>
    /// <param name="make">Makes a model with parts of the caller's own for its options and a seed; else <c>Vae</c> does.</param>
    /// <exception cref="BadInputException">
    /// Images, labels, attributes or the network are not those of the checkpoint, or it holds what no training leaves.
    /// </exception>
    public static Trainer Resume(
        ComputeDevice device, TrainingCheckpoint checkpoint, ImageSet images, ImageSet? test = null, int? epochs = null,
        int? earlyStopping = null, ILogger? logger = null, FrozenNetwork? perceptual = null,
        Func<VaeOptions, ulong, Vae>? make = null)
    {
        checkpoint.Data.Require(images, test);
        if (perceptual is not null && perceptual.Digest() != checkpoint.Network)
            throw new BadInputException(
                $"The network {perceptual.Name} is not the one that the checkpoint was trained with. Resume with the same files.");
        TrainingOptions options = checkpoint.Training with
        {
            Epochs = epochs ?? checkpoint.Training.Epochs,
            EarlyStopping = earlyStopping ?? checkpoint.Training.EarlyStopping,
        };
        if (make is null)
            checkpoint.RequireWeights(new GivenParts());
        Vae model = make?.Invoke(checkpoint.Model, options.Seed) ?? new Vae(device, checkpoint.Model, options.Seed);
        Trainer? trainer = null;
        try
        {
            checkpoint.RequireWeights(model.Parts.Given);
            trainer = new Trainer(model, images, options, test, logger, perceptual, ownsModel: true);
            trainer.Restore(checkpoint);
            return trainer;
        }
        catch
        {
            trainer?.Dispose();
            model.Dispose();
            throw;
        }
    }

    private void Restore(TrainingCheckpoint checkpoint)
    {
        if (checkpoint.Step > Steps)
            throw new BadInputException(
                $"The checkpoint has {checkpoint.Step} steps behind it; {Options.Epochs} epochs have only {Steps}. Ask for more epochs.");
        ParameterStore parameters = Model.Parameters;
        float[] weights = new float[parameters.Values.Length];
        float[] average = new float[state.HasAverage ? weights.Length : 0];
        float[] firstMoment = new float[weights.Length], secondMoment = new float[weights.Length];
        checkpoint.Restore(feed.StepsPerEpoch, weights, average, firstMoment, secondMoment, epochSums.Values);
        if (discriminator is not null)
            checkpoint.Restore(discriminator, Model.Device.Stream);
        parameters.WriteAll(parameters.Values, weights);
        if (state.HasAverage)
            parameters.WriteAll(state.Average, average);
        parameters.WriteAll(state.FirstMoment, firstMoment);
        parameters.WriteAll(state.SecondMoment, secondMoment);
        step = loggedStep = keptStep = checkpoint.Step;
        isEpochToEnd = IsAtEndOfEpoch && epochSums.Values.Any(sum => sum != 0);
        record.Restore(checkpoint.History);
    }
}
