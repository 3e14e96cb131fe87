namespace GpuVae.Formats;

/// <summary>A float32 tensor as files hold it: <paramref name="Data"/> is row-major with as many elements as the product of <paramref name="Shape"/>.</summary>
public sealed record NamedTensor(string Name, int[] Shape, float[] Data);
