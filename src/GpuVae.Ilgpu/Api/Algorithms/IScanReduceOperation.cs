namespace ILGPU.Algorithms.ScanReduceOperations;

/// <summary>An associative operation for reductions and scans.</summary>
public interface IScanReduceOperation<T> where T : unmanaged
{
    /// <summary>The suffix of OpenCL's group functions for the operation.</summary>
    string CLCommand { get; }

    /// <summary>The value that changes nothing.</summary>
    T Identity { get; }

    T Apply(T first, T second);

    /// <summary>Combines a value with what is in memory, atomically.</summary>
    void AtomicApply(ref T target, T value);
}
