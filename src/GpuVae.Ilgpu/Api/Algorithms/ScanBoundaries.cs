namespace ILGPU.Algorithms;

/// <summary>The results of a scan at both ends of a group.</summary>
public readonly struct ScanBoundaries<T> where T : unmanaged
{
    public ScanBoundaries(T leftBoundary, T rightBoundary)
    {
        LeftBoundary = leftBoundary;
        RightBoundary = rightBoundary;
    }

    /// <summary>The result of the first thread.</summary>
    public T LeftBoundary { get; }

    /// <summary>The result of the last thread.</summary>
    public T RightBoundary { get; }
}
