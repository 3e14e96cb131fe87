namespace ILGPU.Runtime.Cuda;

/// <summary>An argument of inline PTX that is read and written.</summary>
public struct Ref<T> where T : struct
{
    public T Value;

    public Ref(T value) => Value = value;

    public static implicit operator Ref<T>(T value) => new(value);
}
