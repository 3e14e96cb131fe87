namespace GpuVae.Elbo;

/// <summary>
/// The negative evidence lower bound of a set of images, in nats per image: the reconstruction term −log p(x|z) summed over pixels, the
/// Kullback–Leibler term KL(q(z|x) ‖ N(0, I)) summed over latent units, both averaged over the images (Kingma and Welling, "Auto-Encoding
/// Variational Bayes", 2014, equation 10, with one noise sample per image).
/// </summary>
/// <param name="Reconstruction">−log p(x|z), nats per image.</param>
/// <param name="Kl">KL(q(z|x) ‖ N(0, I)), nats per image.</param>
/// <param name="Beta">The weight of the KL term in <see cref="Loss"/>.</param>
public readonly record struct ElboParts(double Reconstruction, double Kl, double Beta = 1)
{
    /// <summary>Reconstruction + Beta · Kl: what training minimises.</summary>
    public double Loss => Reconstruction + Beta * Kl;
}
