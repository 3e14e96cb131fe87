// An activation of your own: max(x, 0)² (So et al. 2021, arXiv:2109.08668). Its derivative can be had from its output, so the products that
// carry it keep nothing else.
using GpuVae.Kernels.Common;
using ILGPU.Algorithms;

namespace OwnParts;

public readonly struct SquaredRelu : IActivation
{
    public static bool DerivativeFromOutput => true;

    public static float Apply(float x) => x <= 0f ? 0f : x * x;

    public static float Derivative(float saved) => 2f * XMath.Sqrt(saved);
}
