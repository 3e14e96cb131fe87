using GpuVae.Kernels.Random;

namespace GpuVae.Kernels.Latent;

/// <summary>A prior under which the units of a code are independent and alike; compiled into <see cref="FactorizedPrior{T}"/>.</summary>
public interface ICodeDensity
{
    /// <summary>log p(z) of one unit, in nats, and its derivative with respect to z.</summary>
    CodeDensityTerm Of(float z);

    /// <summary>A draw of z.</summary>
    float Sample(PhiloxBlock noise);
}

/// <summary>The density of one unit.</summary>
/// <param name="LogDensity">log p(z), in nats.</param>
/// <param name="Derivative">d log p(z) / dz.</param>
public readonly record struct CodeDensityTerm(float LogDensity, float Derivative);
