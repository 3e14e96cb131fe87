// How the columns of a decoder describe the distribution of each pixel: the number of columns, in which of them its parameters lie, and
// what is learned beside them.
//
//   OneColumn<T>            a likelihood that one number describes                        1 column
//   SharedScale<T>          a location per pixel, one learned scale for all of them       1 column, 1 shared parameter
//   PixelScale<T>           a location and a scale per pixel                              2 columns
//   MixtureLikelihood<T>    K weights, K locations and K scales per pixel                 3K columns
//
// The shared variance is that of Rybkin et al. 2021 (arXiv:2006.13202).

using GpuVae.Kernels.Random;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Likelihoods;

/// <summary>
/// The distribution of a pixel from a decoder's output; compiled into <see cref="LikelihoodKernels"/>.
/// </summary>
/// <remarks>The parameters of a pixel lie at decoded[at + p·stride], p = 0, 1, …</remarks>
public interface IPixelLikelihood
{
    /// <summary>Whether one learned number is shared by all pixels; without it <c>shared</c> is not used.</summary>
    static abstract bool HasShared { get; }

    /// <summary>Columns per pixel.</summary>
    int Parameters { get; }

    /// <summary>-ln p(x), in nats.</summary>
    float Loss(FloatView decoded, int at, int stride, float shared, float x);

    /// <summary>
    /// Puts factor times the derivatives of the loss in the place of the parameters; gives the loss and its derivative, without the factor,
    /// with respect to the shared number.
    /// </summary>
    LikelihoodTerm Differentiate(FloatView decoded, int at, int stride, float shared, float x, float factor);

    /// <summary>The mean of x.</summary>
    float Mean(FloatView decoded, int at, int stride, float shared);

    /// <summary>Puts factor times the derivatives of the mean in the place of the parameters.</summary>
    void DifferentiateMean(FloatView decoded, int at, int stride, float shared, float factor);

    /// <summary>A draw of x.</summary>
    float Sample(FloatView decoded, int at, int stride, float shared, PhiloxBlock noise);
}

#pragma warning disable CS1591 // The interface documents the members.

/// <summary>A likelihood that one number per pixel describes, and nothing else.</summary>
public readonly struct OneColumn<TLikelihood>(TLikelihood likelihood) : IPixelLikelihood
    where TLikelihood : struct, ILikelihood
{
    public static bool HasShared => false;

    public int Parameters => 1;

    public float Loss(FloatView decoded, int at, int stride, float shared, float x) => likelihood.Of(decoded[at], x).Loss;

    public LikelihoodTerm Differentiate(FloatView decoded, int at, int stride, float shared, float x, float factor)
    {
        LikelihoodTerm term = likelihood.Of(decoded[at], x);
        decoded[at] = factor * term.Derivative;
        return new LikelihoodTerm(term.Loss, 0f);
    }

    public float Mean(FloatView decoded, int at, int stride, float shared) => likelihood.Mean(decoded[at]);

    public void DifferentiateMean(FloatView decoded, int at, int stride, float shared, float factor) =>
        decoded[at] = factor * likelihood.MeanDerivative(decoded[at]);

    public float Sample(FloatView decoded, int at, int stride, float shared, PhiloxBlock noise) => likelihood.Sample(decoded[at], noise);
}

/// <summary>A location per pixel; the shared number is the logarithm of the scale.</summary>
public readonly struct SharedScale<TFamily> : IPixelLikelihood
    where TFamily : struct, ILocationScale
{
    public static bool HasShared => true;

    public int Parameters => 1;

    public float Loss(FloatView decoded, int at, int stride, float shared, float x) => TFamily.Of(decoded[at], shared, x).Loss;

    public LikelihoodTerm Differentiate(FloatView decoded, int at, int stride, float shared, float x, float factor)
    {
        LocationScaleTerm term = TFamily.Of(decoded[at], shared, x);
        decoded[at] = factor * term.LocationDerivative;
        return new LikelihoodTerm(term.Loss, term.ScaleDerivative);
    }

    public float Mean(FloatView decoded, int at, int stride, float shared) => TFamily.Mean(decoded[at], shared);

    public void DifferentiateMean(FloatView decoded, int at, int stride, float shared, float factor) =>
        decoded[at] = factor * TFamily.MeanDerivatives(decoded[at], shared).Location;

    public float Sample(FloatView decoded, int at, int stride, float shared, PhiloxBlock noise) =>
        TFamily.Sample(decoded[at], shared, noise);
}

/// <summary>[location | logarithm of the scale] per pixel.</summary>
public readonly struct PixelScale<TFamily> : IPixelLikelihood
    where TFamily : struct, ILocationScale
{
    public static bool HasShared => false;

    public int Parameters => 2;

    public float Loss(FloatView decoded, int at, int stride, float shared, float x) =>
        TFamily.Of(decoded[at], decoded[at + stride], x).Loss;

    public LikelihoodTerm Differentiate(FloatView decoded, int at, int stride, float shared, float x, float factor)
    {
        LocationScaleTerm term = TFamily.Of(decoded[at], decoded[at + stride], x);
        decoded[at] = factor * term.LocationDerivative;
        decoded[at + stride] = factor * term.ScaleDerivative;
        return new LikelihoodTerm(term.Loss, 0f);
    }

    public float Mean(FloatView decoded, int at, int stride, float shared) => TFamily.Mean(decoded[at], decoded[at + stride]);

    public void DifferentiateMean(FloatView decoded, int at, int stride, float shared, float factor)
    {
        MeanDerivatives derivatives = TFamily.MeanDerivatives(decoded[at], decoded[at + stride]);
        decoded[at] = factor * derivatives.Location;
        decoded[at + stride] = factor * derivatives.Scale;
    }

    public float Sample(FloatView decoded, int at, int stride, float shared, PhiloxBlock noise) =>
        TFamily.Sample(decoded[at], decoded[at + stride], noise);
}
