using GpuVae.Kernels.Common;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Likelihoods;

/// <summary>Gaussian; its scale is the log-variance.</summary>
internal sealed class GaussianFamily() : LocationScaleFamily("mean", "log_variance")
{
    public override Value Loss(Value location, Value scale, Value x)
    {
        Value s = Clamp(scale, LogVariance.Min, LogVariance.Max), difference = location - x;
        return 0.5f * (difference * difference * Exp(-s) + (s + float.Log(float.Tau)));
    }
}
