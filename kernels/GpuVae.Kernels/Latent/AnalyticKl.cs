// The KL divergence of a diagonal normal posterior from the standard normal prior in closed form (Kingma & Welling 2013, arXiv:1312.6114,
// app. B). For one unit with log-variance s:
//
//   KL = (mu² + e^s - 1 - s)/2 nats        dKL/dmu = mu        dKL/ds = (e^s - 1)/2
//
// Reparameterize.cs adds it up over the units on the way from noise to samples.

using ILGPU.Algorithms;

namespace GpuVae.Kernels.Latent;

/// <summary>KL(N(mu, e^s) ‖ N(0, 1)) of one unit, as device functions.</summary>
internal static class AnalyticKl
{
    public static float Of(float mean, float logVariance) => 0.5f * (mean * mean + XMath.Exp(logVariance) - 1f - logVariance);

    /// <summary>Twice the derivative with respect to the log-variance; that with respect to the mean is the mean.</summary>
    public static float TwiceLogVarianceDerivative(float logVariance) => XMath.Exp(logVariance) - 1f;
}
