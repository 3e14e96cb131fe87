using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using GpuVae.Devices;
using GpuVae.Formats;
using GpuVae.Layers;

namespace GpuVae.Training;

/// <summary>
/// What a checkpoint keeps of a discriminator, in sections of its own, as <see cref="TrainingSnapshot"/> does of a model.
/// </summary>
internal sealed class DiscriminatorSnapshot(Discriminator discriminator)
{
    private const string WeightsSection = "discriminator.weights", FirstMomentSection = "discriminator.adam.first";
    private const string SecondMomentSection = "discriminator.adam.second", DirectionsSection = "discriminator.spectral";

    private readonly TrainingSnapshot network = new(discriminator.Parameters, hasAverage: false);
    private readonly float[] directions = new float[discriminator.Directions.Length];

    /// <summary>Copies all of it from the device; waits for it.</summary>
    public void Take(AcceleratorStream stream)
    {
        network.Take(stream, discriminator);
        discriminator.Directions.Download<float>(stream, directions);
    }

    /// <inheritdoc cref="TrainingSnapshot.Extreme"/>
    public (string Term, float Value) Extreme()
    {
        (string term, float value) = network.Extreme();
        return ($"discriminator's {term}", value);
    }

    /// <summary>Appends the sections.</summary>
    public void Write(CheckpointFile file)
    {
        file.Add(WeightsSection, network.Bytes, network.Weights);
        file.Add(FirstMomentSection, network.Bytes, network.FirstMoment);
        file.Add(SecondMomentSection, network.Bytes, network.SecondMoment);
        file.Add(DirectionsSection, MemoryMarshal.AsBytes<float>(directions).ToArray());
    }

    /// <summary>Puts what the sections hold on the device.</summary>
    /// <returns>Whether it is something that a training leaves.</returns>
    /// <exception cref="BadInputException">A section is missing or of another length.</exception>
    public static bool Restore(CheckpointFile file, Discriminator discriminator, AcceleratorStream stream)
    {
        ParameterStore store = discriminator.Parameters;
        float[] weights = new float[store.Values.Length], first = new float[weights.Length], second = new float[weights.Length];
        float[] directions = new float[discriminator.Directions.Length];
        file.GetFloats(WeightsSection, weights);
        file.GetFloats(FirstMomentSection, first);
        file.GetFloats(SecondMomentSection, second);
        file.GetFloats(DirectionsSection, directions);
        store.WriteAll(store.Values, weights);
        store.WriteAll(discriminator.FirstMoment, first);
        store.WriteAll(discriminator.SecondMoment, second);
        discriminator.Directions.Upload<float>(stream, directions);
        return ((float[][])[weights, first, second, directions]).All(
            values => float.IsFinite(TensorPrimitives.MaxMagnitude<float>(values))) && TensorPrimitives.Min<float>(second) >= 0;
    }
}
