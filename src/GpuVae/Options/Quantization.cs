namespace GpuVae.Options;

/// <summary>Whether the code of an image is a grid of discrete codes, and where these come from.</summary>
public enum Quantization
{
    /// <summary>No: the code is a vector of latent units, which q(z|x) describes.</summary>
    None,

    /// <summary>
    /// The nearest vectors of a codebook that is learned as a moving average (VQ-VAE: van den Oord et al. 2017, arXiv:1711.00937).
    /// </summary>
    Codebook,

    /// <summary>Each number rounded to one of a few levels (FSQ: Mentzer et al. 2023, arXiv:2309.15505).</summary>
    Scalar,
}
