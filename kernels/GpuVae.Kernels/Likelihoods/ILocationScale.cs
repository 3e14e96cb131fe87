using GpuVae.Kernels.Random;

namespace GpuVae.Kernels.Likelihoods;

/// <summary>
/// A family of distributions of one pixel with a location and a logarithmic scale; <see cref="SharedScale{T}"/>, <see
/// cref="PixelScale{T}"/> and
/// <see cref="MixtureLikelihood{T}"/> say where the scale comes from, and whether several are mixed. Scales are clamped; outside, their
/// gradient is 0.
/// </summary>
public interface ILocationScale
{
    /// <summary>-ln p(x | location, scale) and its derivatives.</summary>
    /// <param name="location">In the family's coordinates.</param>
    /// <param name="scale">The logarithm of the scale, not yet clamped.</param>
    /// <param name="x">In [0, 1].</param>
    static abstract LocationScaleTerm Of(float location, float scale, float x);

    /// <summary>The mean of x.</summary>
    static abstract float Mean(float location, float scale);

    /// <summary>The derivatives of the mean.</summary>
    static abstract MeanDerivatives MeanDerivatives(float location, float scale);

    /// <summary>A draw of x from the first two words of a block.</summary>
    static abstract float Sample(float location, float scale, PhiloxBlock noise);
}

/// <summary>A term of a loss.</summary>
/// <param name="Loss">In nats.</param>
/// <param name="LocationDerivative">The derivative with respect to the location.</param>
/// <param name="ScaleDerivative">The derivative with respect to the logarithm of the scale.</param>
public readonly record struct LocationScaleTerm(float Loss, float LocationDerivative, float ScaleDerivative);

/// <summary>The derivatives of a mean.</summary>
/// <param name="Location">With respect to the location.</param>
/// <param name="Scale">With respect to the logarithm of the scale.</param>
public readonly record struct MeanDerivatives(float Location, float Scale);
