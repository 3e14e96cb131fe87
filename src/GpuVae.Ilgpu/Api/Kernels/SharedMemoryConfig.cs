using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>The dynamic shared memory of a launch.</summary>
public readonly struct SharedMemoryConfig
{
    /// <param name="numElements">Number of elements, not negative.</param>
    /// <param name="elementSize">Bytes per element.</param>
    public SharedMemoryConfig(int numElements, int elementSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(numElements);
        ArgumentOutOfRangeException.ThrowIfNegative(elementSize);
        NumElements = numElements;
        ElementSize = elementSize;
    }

    /// <summary>No dynamic shared memory.</summary>
    public static SharedMemoryConfig Empty => default;

    public int NumElements { get; }

    public int ElementSize { get; }

    public bool UsesDynamicSharedMemory => NumElements > 0;

    internal long SizeInBytes => (long)NumElements * ElementSize;

    /// <summary>
    /// Shared memory for <paramref name="numElements"/> elements of a type, read with <see cref="SharedMemory.GetDynamic{T}"/>.
    /// </summary>
    public static SharedMemoryConfig RequestDynamic<T>(int numElements) where T : unmanaged => new(numElements, Unsafe.SizeOf<T>());
}
