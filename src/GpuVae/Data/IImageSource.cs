namespace GpuVae.Data;

/// <summary>
/// Images of one shape that can be read by their numbers: from memory, from a disk, or from wherever an implementation has them. An
/// <see cref="ImageSet"/> adds what is known of the images.
/// </summary>
public interface IImageSource
{
    /// <summary>Images.</summary>
    int Count { get; }

    /// <summary>The size of each image.</summary>
    ImageShape Shape { get; }

    /// <summary>How its values are kept.</summary>
    PixelFormat Format { get; }

    /// <summary>
    /// Reads images, [indices, channels, height, width]. The same index gives the same values for ever, and several threads may read at
    /// once.
    /// </summary>
    /// <param name="indices">Which, in any order, from 0.</param>
    /// <param name="destination">Exactly as many bytes as the images have.</param>
    /// <exception cref="BadInputException">An image cannot be read.</exception>
    void Read(ReadOnlySpan<int> indices, Span<byte> destination);
}
