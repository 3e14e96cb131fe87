using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;
using Kernel = GpuVae.Kernels.Likelihoods.DiscretizedLogisticFamily;

namespace GpuVae.Onnx.Likelihoods;

/// <summary>Logistic, discretised to the 256 levels of 8-bit images; location and scale are on [-1, 1].</summary>
internal sealed class DiscretizedLogisticFamily() : LocationScaleFamily("location", "log_scale")
{
    public override Value Mean(Value location, Value scale)
    {
        Value s = Clamp(scale, Kernel.MinScale, Kernel.MaxScale), inverse = Exp(-s);
        return 0.5f * Exp(s) * (Softplus((location + 1f) * inverse) - Softplus((location - 1f) * inverse));
    }

    public override Value Loss(Value location, Value scale, Value x)
    {
        Value inverse = Exp(-Clamp(scale, Kernel.MinScale, Kernel.MaxScale));
        Value level = Floor(255f * x + 0.5f);
        Value above = ((2f * level - 254f) / 255f - location) * inverse, below = ((2f * level - 256f) / 255f - location) * inverse;
        // 1 - e^-d = 2t/(1 + t) with t = tanh(d/2), which keeps the digits of a small d.
        Value t = Tanh(1f / 255 * inverse), fill = 2f * t / (1f + t);
        Value zero = level.Graph.Constant(0);
        Value ofUpper = WhereLess(level, 255, Softplus(-above), zero), ofLower = WhereLess(level, 0.5f, zero, Softplus(below));
        Value ofBoth = WhereLess(level, 0.5f, zero, WhereLess(level, 255, Log(fill), zero));
        return ofUpper + ofLower - ofBoth;
    }
}
