namespace ILGPU;

public readonly struct ArrayView<T> where T : unmanaged
{
}

public readonly struct SpecializedValue<T> where T : unmanaged, IEquatable<T>
{
}

public readonly struct Half
{
}
