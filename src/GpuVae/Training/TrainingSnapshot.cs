using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using GpuVae.Devices;
using GpuVae.Formats;
using GpuVae.Layers;

namespace GpuVae.Training;

/// <summary>
/// Host memory for what a checkpoint copies from the device, kept from one checkpoint to the next: new arrays of this size for every one
/// would let the process grow until the garbage collector cares. The device is read at once; the rest can be done on another thread.
/// </summary>
internal sealed class TrainingSnapshot(ParameterStore store, bool hasAverage)
{
    // As they lie on the device.
    private readonly float[] weights = new float[store.Values.Length];
    private readonly float[] firstMoment = new float[store.Values.Length], secondMoment = new float[store.Values.Length];

    private readonly float[] average = hasAverage ? new float[store.Values.Length] : [];

    private readonly byte[] arranged = new byte[store.Values.Length * sizeof(float)];

    /// <summary>Bytes of each of them.</summary>
    public int Bytes => arranged.Length;

    /// <summary>Copies all of them from the device; waits for it.</summary>
    public void Take(AcceleratorStream stream, TrainingState state)
    {
        Take(stream, state.Weights, state.FirstMoment, state.SecondMoment);
        if (hasAverage)
            state.AveragedWeights.Download<float>(stream, average);
    }

    /// <summary>The same of a network without an average.</summary>
    public void Take(AcceleratorStream stream, Discriminator discriminator) =>
        Take(stream, store.Values, discriminator.FirstMoment, discriminator.SecondMoment);

    private void Take(AcceleratorStream stream, ArrayView<float> ofWeights, ArrayView<float> first, ArrayView<float> second)
    {
        ofWeights.Download<float>(stream, weights);
        first.Download<float>(stream, firstMoment);
        second.Download<float>(stream, secondMoment);
    }

    /// <summary>The number farthest from 0 with what it is one of; no finite one where any of them is none.</summary>
    public (string Term, float Value) Extreme()
    {
        float ofWeights = TensorPrimitives.MaxMagnitude<float>(weights);
        float ofMoments = float.MaxMagnitude(
            TensorPrimitives.MaxMagnitude<float>(firstMoment), TensorPrimitives.MaxMagnitude<float>(secondMoment));
        return float.IsFinite(ofWeights) ? ("moments of the gradient", ofMoments) : ("weights", ofWeights);
    }

    /// <summary>The weights in PyTorch's layout, until the next such call.</summary>
    public byte[] Weights() => Arrange(weights);

    /// <summary>Whether there is an average of the weights.</summary>
    public bool HasAverage => hasAverage;

    /// <summary>Their average likewise.</summary>
    public byte[] Average() => Arrange(average);

    /// <inheritdoc cref="Weights"/>
    public byte[] FirstMoment() => Arrange(firstMoment);

    /// <inheritdoc cref="Weights"/>
    public byte[] SecondMoment() => Arrange(secondMoment);

    /// <summary>The weights as a model file holds them: their average, where one is kept.</summary>
    public IReadOnlyList<NamedTensor> Tensors()
    {
        byte[] all = hasAverage ? Average() : Weights();
        return [.. store.Parameters.Select(parameter => new NamedTensor(
            parameter.Name, [.. parameter.Shape],
            MemoryMarshal.Cast<byte, float>(all).Slice((int)parameter.Offset, parameter.Length).ToArray()))];
    }

    private byte[] Arrange(float[] onDevice)
    {
        store.ToPyTorch(onDevice, MemoryMarshal.Cast<byte, float>(arranged.AsSpan()));
        return arranged;
    }
}
