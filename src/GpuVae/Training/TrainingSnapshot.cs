using System.Runtime.InteropServices;
using GpuVae.Layers;

namespace GpuVae.Training;

/// <summary>
/// Host memory for what a checkpoint copies from the device, kept from one checkpoint to the next: new arrays of this size for every one
/// would let the process grow until the garbage collector cares.
/// </summary>
internal sealed class TrainingSnapshot(int parameters)
{
    public byte[] Weights { get; } = new byte[parameters * sizeof(float)];

    public byte[] FirstMoment { get; } = new byte[parameters * sizeof(float)];

    public byte[] SecondMoment { get; } = new byte[parameters * sizeof(float)];

    /// <summary>The weights as numbers.</summary>
    public ReadOnlySpan<float> WeightValues => MemoryMarshal.Cast<byte, float>(Weights.AsSpan());

    /// <summary>Copies all three from the device, every slice in PyTorch's layout; waits for the device.</summary>
    public void Take(ParameterStore store, ArrayView<float> firstMoment, ArrayView<float> secondMoment)
    {
        store.ReadAll(store.Values, MemoryMarshal.Cast<byte, float>(Weights.AsSpan()));
        store.ReadAll(firstMoment, MemoryMarshal.Cast<byte, float>(FirstMoment.AsSpan()));
        store.ReadAll(secondMoment, MemoryMarshal.Cast<byte, float>(SecondMoment.AsSpan()));
    }
}
