namespace GpuVae.Options;

/// <summary>What new codes are drawn from.</summary>
public enum SamplerKind
{
    /// <summary>N(0, I), the plain prior.</summary>
    Normal,

    /// <summary>
    /// A mixture of normals with full covariance fitted to the codes of the training images (ex-post density estimation: Ghosh et al. 2020,
    /// arXiv:1903.12436); of a conditional model one for each label.
    /// </summary>
    Gmm,

    /// <summary>The aggregate posterior: q(z|x) of a training image drawn at random.</summary>
    Aggregate,

    /// <summary>
    /// A masked autoregressive flow trained on the codes of the training images (Papamakarios et al. 2017, arXiv:1705.07057); not of a
    /// conditional model.
    /// </summary>
    Flow,
}
