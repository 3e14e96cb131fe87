namespace GpuVae.Kernels.Random;

/// <summary>What a stream of random numbers is for; the same seed and step give independent numbers for each purpose.</summary>
public enum RandomPurpose : uint
{
    /// <summary>The noise of the reparameterisation.</summary>
    Latent = 1,

    /// <summary>Dynamic binarisation of the pixels.</summary>
    Binarization = 2,

    /// <summary>Initial weights.</summary>
    Initialization = 3,

    /// <summary>Samples from the prior.</summary>
    Prior = 4,

    /// <summary>Static binarisation: the same bits in every epoch.</summary>
    StaticBinarization = 5,

    /// <summary>The order of the images in an epoch.</summary>
    Shuffle = 6,

    /// <summary>Noise of a test or of evaluation.</summary>
    Evaluation = 7,

    /// <summary>Draws of the pixels from p(x|z).</summary>
    Pixels = 8,

    /// <summary>The samples of an importance-sampled likelihood.</summary>
    ImportanceSampling = 9,

    /// <summary>The components of a mixture prior: which one a code is drawn from, and where they start.</summary>
    PriorComponent = 10,

    /// <summary>Noise and decisions of Langevin steps.</summary>
    Langevin = 11,

    /// <summary>What becomes of an image that is augmented.</summary>
    Augmentation = 12,

    /// <summary>Rows that codes of a codebook start again from.</summary>
    Codebook = 13,

    /// <summary>Codes drawn from a learned prior over them.</summary>
    Code = 14,

    /// <summary>Codes from a sampler that was fitted to a model, and the start of its fit.</summary>
    Sampler = 20,

    /// <summary>Draws of the prior that a batch of codes is compared with.</summary>
    PriorDraws = 21,

    /// <summary>Directions that a decoder's slope is taken along.</summary>
    Directions = 30,
}
