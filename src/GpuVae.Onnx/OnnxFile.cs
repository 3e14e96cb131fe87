namespace GpuVae.Onnx;

/// <summary>A file that was written.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="BytesSaved">What its weights take less than in <see cref="OnnxPrecision.Single"/>.</param>
public sealed record OnnxFile(string Path, long Bytes, long BytesSaved);
