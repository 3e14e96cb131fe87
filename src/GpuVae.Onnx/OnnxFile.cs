namespace GpuVae.Onnx;

/// <summary>A file that was written.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="BytesSaved">What the same file in <see cref="OnnxPrecision.Single"/> would have more.</param>
public sealed record OnnxFile(string Path, long Bytes, long BytesSaved);
