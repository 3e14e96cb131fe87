namespace GpuVae.Imaging;

/// <summary>
/// PNG as specified by the W3C, third edition: reads every colour type and bit depth, transparency and interlacing; writes grey, RGB
/// and RGBA of 8 bits, and animations of such frames.
/// </summary>
internal sealed class PngCodec : IImageCodec
{
    internal static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public string Name => "PNG";
    public IReadOnlyList<string> Extensions { get; } = [".png", ".apng"];

    public bool CanRead(ReadOnlySpan<byte> header) => header.StartsWith(Signature[..4]);

    public Image Read(byte[] content, string file) => new PngReader(content, file).Read();

    public void Write(Stream stream, Image image, string extension) => PngWriter.Write(stream, image);

    /// <summary>
    /// Writes an animated PNG that plays for ever; programs that know only PNG show the first frame. The frames, at least one, have
    /// the same size and channels; the rate is 1 to 1000.
    /// </summary>
    /// <exception cref="ArgumentException">No frames, frames that differ in size, or a rate out of range.</exception>
    public static void WriteAnimation(Stream stream, IReadOnlyList<Image> frames, int framesPerSecond) =>
        PngWriter.WriteAnimation(stream, frames, framesPerSecond);
}
