namespace GpuVae.Options;

/// <summary>The family of the approximate posterior q(z|x) that the encoder describes.</summary>
public enum Posterior
{
    /// <summary>Normal with independent units. The seed article's choice.</summary>
    Diagonal,

    /// <summary>Normal with any covariance: the encoder gives its Cholesky factor (Kingma and Welling 2019, arXiv:1906.02691).</summary>
    Full,

    /// <summary>
    /// A diagonal normal taken through two steps of an inverse autoregressive flow (Kingma et al. 2016, arXiv:1606.04934).
    /// </summary>
    Flow,
}
