namespace ILGPU;

/// <summary>A view of exactly one element.</summary>
public readonly struct VariableView<T> where T : unmanaged
{
    public VariableView(ArrayView<T> baseView)
    {
        BaseView = baseView;
    }

    public ArrayView<T> BaseView { get; }

    public bool IsValid => BaseView.IsValid;

    /// <summary>The element.</summary>
    public ref T Value => ref BaseView[0];

    /// <summary>A field of the element: the bytes from <paramref name="offsetInBytes"/>, as another type.</summary>
    public VariableView<TOther> SubView<TOther>(int offsetInBytes) where TOther : unmanaged =>
        new(BaseView.Cast<byte>().SubView(offsetInBytes).Cast<TOther>());
}
