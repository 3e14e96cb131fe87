using GpuVae.Formats;

namespace GpuVae.Latent;

/// <summary>
/// A distribution of codes in the place of the prior, fitted to those of a trained model's images: what <c>Vae.Generate</c> draws from
/// where <c>Vae.Sampler</c> holds one. <c>SamplerFit</c> makes them.
/// </summary>
public abstract class CodeSampler
{
    private protected CodeSampler(int latents) => Latent = latents;

    /// <summary>Which family.</summary>
    public abstract SamplerKind Kind { get; }

    /// <summary>Units of a code.</summary>
    public int Latent { get; }

    /// <summary>In words: <c>gmm of 64 normals</c>.</summary>
    public abstract override string ToString();

    /// <summary>What a file of weights keeps of it; nothing where it is not kept.</summary>
    internal virtual IReadOnlyList<NamedTensor> Tensors => [];

    /// <summary>Codes [labels, L]; row r depends on the seed, its label and r alone.</summary>
    /// <param name="labels">Of each code; −1 where the model knows no labels.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="temperature">Scales the deviations.</param>
    internal abstract float[] Draw(ReadOnlySpan<int> labels, ulong seed, double temperature);
}
