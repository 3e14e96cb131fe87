namespace GpuVae.Options;

/// <summary>How the gradient passes from a vector of the codebook to the encoder's vector that it stands for.</summary>
public enum CodeGradient
{
    /// <summary>As it is.</summary>
    StraightThrough,

    /// <summary>
    /// Turned and scaled as the one vector would have to be to become the other (Fifty et al. 2024, arXiv:2410.06424).
    /// </summary>
    Rotation,
}
