namespace ILGPU.AtomicOperations;

/// <summary>What <see cref="Atomic.MakeAtomic"/> computes.</summary>
public interface IAtomicOperation<T> where T : unmanaged
{
    /// <summary>The new value.</summary>
    T Operation(T current, T value);
}

/// <summary>The compare-and-exchange that <see cref="Atomic.MakeAtomic"/> loops around.</summary>
public interface ICompareExchangeOperation<T> where T : unmanaged
{
    /// <summary>Stores <paramref name="value"/> where <paramref name="compare"/> is found; returns what was there.</summary>
    T CompareExchange(ref T target, T compare, T value);

    /// <summary>True if both are the same bits.</summary>
    bool IsSame(T left, T right);
}
