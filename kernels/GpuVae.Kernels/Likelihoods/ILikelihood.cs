using GpuVae.Kernels.Random;

namespace GpuVae.Kernels.Likelihoods;

/// <summary>A likelihood of independent pixels, each described by one number; compiled into the product of a dense decoder's last layer
/// (LinearLoss.cs), or by way of <see cref="OneColumn{T}"/> into <see cref="LikelihoodKernels"/>.</summary>
public interface ILikelihood
{
    /// <summary>-ln p(x | y) and its derivative with respect to y.</summary>
    LikelihoodTerm Of(float y, float x);

    /// <summary>The mean of x.</summary>
    float Mean(float y);

    /// <summary>The derivative of the mean.</summary>
    float MeanDerivative(float y);

    /// <summary>A draw of x.</summary>
    float Sample(float y, PhiloxBlock noise);
}

/// <summary>A term of a loss.</summary>
/// <param name="Loss">In nats.</param>
/// <param name="Derivative">The derivative.</param>
public readonly record struct LikelihoodTerm(float Loss, float Derivative);
