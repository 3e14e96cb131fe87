namespace ILGPU;

/// <summary>What all views have in common.</summary>
public interface IArrayView
{
    /// <summary>True if the view covers at least one element.</summary>
    bool IsValid { get; }

    /// <summary>Number of elements.</summary>
    long Length { get; }

    /// <summary>Number of bytes of those elements.</summary>
    long LengthInBytes { get; }
}

/// <summary>A view of elements of one type.</summary>
public interface IArrayView<T> : IArrayView where T : unmanaged
{
    /// <summary>The linear memory below the view, from its first element on.</summary>
    ArrayView<T> BaseView { get; }
}
