namespace GpuVae.Options;

/// <summary>The distribution p(z) that codes are drawn from and the posterior is held against.</summary>
public enum Prior
{
    /// <summary>N(0, I). The seed article's choice.</summary>
    Normal,

    /// <summary>A mixture of normals with learned means, variances and weights.</summary>
    Mixture,

    /// <summary>
    /// A mixture of the posteriors of learned pseudo-inputs (VampPrior: Tomczak and Welling 2018, arXiv:1705.07120), here with learned
    /// weights. Of a conditional model each has a label of its own, all labels in turn. Not for <see cref="Posterior.Flow"/>.
    /// </summary>
    Vamp,
}
