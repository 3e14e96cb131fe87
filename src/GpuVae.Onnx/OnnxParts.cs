namespace GpuVae.Onnx;

/// <summary>Which files <see cref="OnnxExport.ExportOnnx"/> writes.</summary>
[Flags]
public enum OnnxParts
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>encoder.onnx</c>.</summary>
    Encoder = 1,

    /// <summary><c>decoder.onnx</c>.</summary>
    Decoder = 2,

    /// <summary><c>vae.onnx</c>.</summary>
    Whole = 4,

    /// <summary><c>prior.onnx</c>.</summary>
    Prior = 8,

    /// <summary><c>sampler.onnx</c>, of a model with a mixture or a flow in <c>Vae.Sampler</c>.</summary>
    Sampler = 16,

    /// <summary>All of them.</summary>
    All = Encoder | Decoder | Whole | Prior | Sampler,
}
