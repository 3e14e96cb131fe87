using GpuVae.Formats;

namespace GpuVae.Data;

/// <summary>Planar images of bytes that lie in a file at equal distances.</summary>
/// <param name="file">Whole, as far as its length tells.</param>
/// <param name="count">Images.</param>
/// <param name="shape">Of each.</param>
/// <param name="start">Where the first one is.</param>
/// <param name="stride">Bytes from one to the next.</param>
internal sealed class RecordImages(SeekableFile file, int count, ImageShape shape, long start, int stride) : IImageSource
{
    public int Count => count;

    public ImageShape Shape => shape;

    public PixelFormat Format => PixelFormat.Byte;

    public void Read(ReadOnlySpan<int> indices, Span<byte> destination)
    {
        int perImage = shape.Pixels;
        for (int i = 0, run; i < indices.Length; i += run)
        {
            // Neighbours in one go, where nothing lies between them.
            run = 1;
            while (stride == perImage && i + run < indices.Length && indices[i + run] == indices[i] + run)
                run++;
            file.Read(start + (long)indices[i] * stride, destination.Slice(i * perImage, run * perImage));
        }
    }
}
