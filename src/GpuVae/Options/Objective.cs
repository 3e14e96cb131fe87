namespace GpuVae.Options;

/// <summary>What training maximises.</summary>
public enum Objective
{
    /// <summary>The evidence lower bound, its KL term weighted by <see cref="VaeOptions.Beta"/>.</summary>
    Elbo,

    /// <summary>
    /// The importance-weighted bound with <see cref="VaeOptions.Samples"/> samples (Burda, Grosse and Salakhutdinov 2016,
    /// arXiv:1509.00519).
    /// </summary>
    Iwae,

    /// <summary>
    /// The bound with the total correlation of the code's units weighted by <see cref="VaeOptions.Beta"/> (beta-TCVAE: Chen et al. 2018,
    /// arXiv:1802.04942).
    /// </summary>
    Tc,

    /// <summary>
    /// The bound with its KL term weighted by <see cref="VaeOptions.Beta"/>, and <see cref="VaeOptions.MmdWeight"/> times the squared
    /// maximum mean discrepancy between codes and prior (InfoVAE: Zhao, Song and Ermon 2017, arXiv:1706.02262, with beta = 1 − α and weight
    /// α + λ − 1). With beta 0 the Wasserstein autoencoder with that penalty (WAE-MMD: Tolstikhin et al. 2018, arXiv:1711.01558).
    /// </summary>
    Mmd,

    /// <summary>
    /// No bound and no noise: the code is what the encoder gives. The reconstruction term, <see cref="VaeOptions.Beta"/> times half the
    /// squared norm of the code, and <see cref="VaeOptions.DecoderPenalty"/> (regularised autoencoders: Ghosh et al. 2020,
    /// arXiv:1903.12436). Codes are drawn from a distribution fitted to those of images.
    /// </summary>
    Rae,
}
