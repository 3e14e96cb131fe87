namespace GpuVae.Options;

/// <summary>What encoder and decoder are made of.</summary>
public enum NetworkKind
{
    /// <summary>Linear layers: the model of the seed article.</summary>
    Dense,

    /// <summary>
    /// Strided convolutions down, linear layers to the code and back, convolutions up. In PyTorch, with an image [c, h, w], stages of c₁ …
    /// cₙ channels, hidden width d, L latent units, ReLU, and without the layers in brackets where they are not asked for:
    /// <code>
    /// encoder = Sequential(Conv2d(c, c₁, k, 2, 1), [GroupNorm(g, c₁),] ReLU(), [ResidualBlock(c₁), …]
    ///                      …, Flatten(), Linear(cₙ·hₙ·wₙ, d), ReLU(), Linear(d, 2·L))
    /// decoder = Sequential(Linear(L, d), ReLU(), Linear(d, cₙ·hₙ·wₙ), ReLU(), Unflatten(1, (cₙ, hₙ, wₙ)),
    ///                      [ResidualBlock(cₙ), …] ConvTranspose2d(cₙ, cₙ₋₁, k, 2, 1, …), [GroupNorm(g, cₙ₋₁),] ReLU(),
    ///                      …, ConvTranspose2d(c₁, c, k, 2, 1, …))
    /// </code>
    /// A stage halves both sides, rounding up: k is 4 where both are even, else 3; the decoder's output padding makes up for the rounding.
    /// With nearest upsampling a ConvTranspose2d becomes Upsample(scale_factor=2, mode="nearest"), cut to the size of the encoder's image
    /// there, Conv2d(…, 3, 1, 1). With bilinear upsampling the last two are Upsample(scale_factor=2, mode="bilinear"), and the very last
    /// convolution comes after Conv2d(c₁, c₁, 3, 1, 1), [GroupNorm(g, c₁),] ReLU(). The groups g of a normalisation are 8, or the largest
    /// power of two below that divides the channels. The last layer has c times as many channels as the likelihood has numbers per pixel,
    /// number by number.
    /// </summary>
    Convolutional,
}

/// <summary>How a convolutional decoder enlarges.</summary>
public enum UpsamplingKind
{
    /// <summary>Transposed convolutions.</summary>
    Transposed,

    /// <summary>Each pixel twice in both directions, then a 3 × 3 convolution: no checkerboard of overlapping taps.</summary>
    Nearest,

    /// <summary>
    /// As <see cref="Nearest"/>, but the last two enlargements interpolate between the middles of the pixels, so that blocks of pixels
    /// leave no woven texture; a convolution more at the end makes sharp edges of soft ones.
    /// </summary>
    Bilinear,
}
