namespace GpuVae.Options;

/// <summary>Where a level of a hierarchy lies, and how large it is.</summary>
/// <param name="Width">Places of its map; those of a vector are 1 × 1.</param>
/// <param name="Height">See <paramref name="Width"/>.</param>
/// <param name="Channels">Units of a place.</param>
/// <param name="StateChannels">Of the state that goes down, at a place.</param>
/// <param name="Stage">The convolutional stage, counted from the image, at whose end the map lies; of a vector their number.</param>
/// <param name="IsVector">Whether it is a vector, of which all units see all.</param>
internal readonly record struct LevelShape(int Width, int Height, int Channels, int StateChannels, int Stage, bool IsVector)
{
    /// <summary>Places of the map; 1 of a vector.</summary>
    public int Places => Width * Height;

    /// <summary>Latent units of the level.</summary>
    public int Units => Places * Channels;

    /// <summary>Numbers of the state at the level, and of what the encoder tells it.</summary>
    public int StateWidth => Places * StateChannels;
}
