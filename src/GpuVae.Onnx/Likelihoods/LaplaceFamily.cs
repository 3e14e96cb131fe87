using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;
using Kernel = GpuVae.Kernels.Likelihoods.LaplaceFamily;

namespace GpuVae.Onnx.Likelihoods;

/// <summary>Laplace.</summary>
internal sealed class LaplaceFamily() : LocationScaleFamily("mean", "log_scale")
{
    public override Value Loss(Value location, Value scale, Value x)
    {
        Value s = Clamp(scale, Kernel.MinScale, Kernel.MaxScale);
        return Abs(location - x) * Exp(-s) + (s + float.Log(2));
    }
}
