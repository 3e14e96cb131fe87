namespace ILGPU.Runtime.Cuda;

/// <summary>An argument of inline PTX that is only read.</summary>
public struct Input<T> where T : struct
{
    public T Value;

    public Input(T value) => Value = value;

    public static implicit operator Input<T>(T value) => new(value);
}
