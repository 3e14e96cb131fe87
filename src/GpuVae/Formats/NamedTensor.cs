namespace GpuVae.Formats;

/// <summary>A float32 tensor as files hold it: row-major, with as many values as the product of the shape.</summary>
public sealed record NamedTensor(string Name, int[] Shape, float[] Data);
