namespace GpuVae.Data;

/// <summary>Images in memory: <paramref name="data"/> is [images, channels, height, width], kept without a copy.</summary>
internal sealed class PixelArray(ImageShape shape, PixelFormat format, byte[] data) : IImageSource
{
    private readonly int perImage = checked(shape.Pixels * format.BytesPerValue());

    public byte[] Data => data;

    public int Count => data.Length / perImage;

    public ImageShape Shape => shape;

    public PixelFormat Format => format;

    public ReadOnlySpan<byte> this[int index] => data.AsSpan(checked(index * perImage), perImage);

    public void Read(ReadOnlySpan<int> indices, Span<byte> destination)
    {
        for (int i = 0; i < indices.Length; i++)
            this[indices[i]].CopyTo(destination.Slice(i * perImage, perImage));
    }

    /// <summary>Reads all images of a source.</summary>
    /// <exception cref="BadInputException">One cannot be read, or they do not fit into an array.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static PixelArray Of(IImageSource source, string name, CancellationToken cancellation)
    {
        const int block = 1 << 22;
        int perImage = checked(source.Shape.Pixels * source.Format.BytesPerValue()), perBlock = Math.Max(1, block / perImage);
        if ((long)perImage * source.Count > Array.MaxLength)
            throw new BadInputException(
                $"{name}: {source.Count} images of {perImage} bytes do not fit into memory. Take fewer, or stream them with "
                + "DataOptions.IsStreamed.");
        byte[] data = new byte[perImage * source.Count];
        int[] indices = [.. Enumerable.Range(0, source.Count)];
        for (int first = 0; first < indices.Length; first += perBlock)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(perBlock, indices.Length - first);
            source.Read(indices.AsSpan(first, count), data.AsSpan(first * perImage, count * perImage));
        }
        return new PixelArray(source.Shape, source.Format, data);
    }
}
