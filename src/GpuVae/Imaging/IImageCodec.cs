using GpuVae.Options;

namespace GpuVae.Imaging;

/// <summary>Reads and writes one family of image files. Codecs are stateless and may be used from several threads.</summary>
internal interface IImageCodec
{
    /// <summary>What messages call the format.</summary>
    string Name { get; }

    /// <summary>File extensions, lower case with the dot, that name the format when writing.</summary>
    IReadOnlyList<string> Extensions { get; }

    /// <summary>Whether a file that begins with <paramref name="header"/> (up to 16 bytes) is of this format.</summary>
    bool CanRead(ReadOnlySpan<byte> header);

    /// <summary>Decodes a whole file. <paramref name="file"/> is its name, for messages only.</summary>
    /// <exception cref="BadInputException">The content is truncated, corrupt or declares an absurd size.</exception>
    Image Read(byte[] content, string file);

    /// <summary>Encodes <paramref name="image"/> in the format that <paramref name="extension"/> names.</summary>
    void Write(Stream stream, Image image, string extension);
}
