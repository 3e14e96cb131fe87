namespace ILGPU;

/// <summary>
/// A kernel parameter whose value is a compile-time constant inside the kernel: the kernel is compiled once per distinct value.
/// </summary>
public readonly struct SpecializedValue<T> : IEquatable<SpecializedValue<T>> where T : unmanaged, IEquatable<T>
{
    public SpecializedValue(T value)
    {
        Value = value;
    }

    public T Value { get; }

    public bool Equals(SpecializedValue<T> other) => Value.Equals(other.Value);

    public override bool Equals(object? obj) => obj is SpecializedValue<T> other && Equals(other);

    public override int GetHashCode() => Value.GetHashCode();

    public override string ToString() => Value.ToString() ?? string.Empty;

    public static implicit operator T(SpecializedValue<T> value) => value.Value;
}

/// <summary>Makes specialized values.</summary>
public static class SpecializedValue
{
    public static SpecializedValue<T> New<T>(T value) where T : unmanaged, IEquatable<T> => new(value);
}
