namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>An array where a kernel expects a view.</summary>
public readonly struct DirectView<T>(T[] elements)
{
    public ref T this[int index] => ref elements[index];
}
