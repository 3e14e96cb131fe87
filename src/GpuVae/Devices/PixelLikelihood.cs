using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Likelihoods;

namespace GpuVae.Devices;

/// <summary>A likelihood p(x|z) of the caller's own, for the constructor of <c>Vae</c>.</summary>
/// <remarks>
/// Its struct is compiled into the same kernels as the built-in ones are. The struct must be visible to kernels, so public, or of a visible
/// assembly. It takes x in [0, 1].
/// </remarks>
public abstract class PixelLikelihood
{
    private PixelLikelihood(string name, int columns, bool isDensity) => (Name, Columns, IsDensity) = (name, columns, isDensity);

    /// <summary>Of its type; stands in the options of the model.</summary>
    public string Name { get; }

    /// <summary>Whether p is a density of grey levels, not the probability of one of finitely many values.</summary>
    public bool IsDensity { get; }

    /// <summary>Columns of the decoder for each pixel.</summary>
    internal int Columns { get; }

    /// <summary>See <see cref="DecoderLikelihood.Shared"/>.</summary>
    internal (string Name, float Start)? Shared { get; private init; }

    /// <summary>One number of the decoder describes a pixel; a dense decoder's last product carries the loss as its epilogue.</summary>
    public static PixelLikelihood Of<T>(T likelihood, bool isDensity = true)
        where T : struct, ILikelihood => new OfColumn<T>(likelihood, isDensity);

    /// <summary>The decoder gives a location for each pixel; one scale is learned for all of them, from a start on.</summary>
    /// <param name="start">The logarithm of the scale at the start; a parameter of the model, <c>likelihood.log_scale</c>.</param>
    /// <param name="isDensity">See <see cref="IsDensity"/>.</param>
    public static PixelLikelihood OfSharedScale<TFamily>(float start, bool isDensity = true)
        where TFamily : struct, ILocationScale =>
        new OfPixel<SharedScale<TFamily>>(default, isDensity) { Shared = ("likelihood.log_scale", start) };

    /// <summary>The decoder gives a location and the logarithm of a scale for each pixel.</summary>
    public static PixelLikelihood OfPixelScale<TFamily>(bool isDensity = true)
        where TFamily : struct, ILocationScale => new OfPixel<PixelScale<TFamily>>(default, isDensity);

    internal abstract DecoderLikelihood Load(Accelerator accelerator, GemmContext gemm);

    private sealed class OfColumn<T>(T likelihood, bool isDensity) : PixelLikelihood(typeof(T).ToString(), 1, isDensity)
        where T : struct, ILikelihood
    {
        internal override DecoderLikelihood Load(Accelerator accelerator, GemmContext gemm) =>
            DecoderLikelihood.Fused(accelerator, gemm, likelihood);
    }

    private sealed class OfPixel<T>(T likelihood, bool isDensity) : PixelLikelihood(typeof(T).ToString(), likelihood.Parameters, isDensity)
        where T : struct, IPixelLikelihood
    {
        internal override DecoderLikelihood Load(Accelerator accelerator, GemmContext gemm) =>
            DecoderLikelihood.Of(accelerator, likelihood) with { Shared = Shared };
    }
}
