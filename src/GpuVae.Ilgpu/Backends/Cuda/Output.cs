namespace ILGPU.Runtime.Cuda;

/// <summary>An argument of inline PTX that is only written.</summary>
public struct Output<T> where T : struct
{
    public T Value;
}
