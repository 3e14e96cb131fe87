using System.Collections.Concurrent;
using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Data;

/// <summary>Pictures that are decoded each time that they are needed, several at a time.</summary>
/// <param name="files">The pictures.</param>
/// <param name="shape">What each is brought to: its channels, and its size where the options say one.</param>
/// <param name="format">Of bytes or of 16 bits.</param>
/// <param name="options">How.</param>
internal sealed class PictureStream(IReadOnlyList<DataFile> files, ImageShape shape, PixelFormat format, DataOptions options) : IImageSource
{
    public int Count => files.Count;

    public ImageShape Shape => shape;

    public PixelFormat Format => format;

    public void Read(ReadOnlySpan<int> indices, Span<byte> destination)
    {
        int[] which = indices.ToArray();
        int perImage = shape.Pixels * format.BytesPerValue();
        byte[] pixels = new byte[destination.Length];
        try
        {
            // One after the other, as Pictures does.
            OrderablePartitioner<int> oneByOne = Partitioner.Create(
                Enumerable.Range(0, which.Length), EnumerablePartitionerOptions.NoBuffering);
            Parallel.ForEach(oneByOne, i => Decode(files[which[i]]).CopyToPlanar(pixels.AsSpan(i * perImage, perImage)));
        }
        catch (AggregateException errors)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]);
        }
        pixels.CopyTo(destination);
    }

    private IRaster Decode(DataFile file)
    {
        byte[] content = file.ReadAll(ImageFile.MaxBytes(options.MaxPixels));
        IRaster image = format.Decode(content, file.Title, options.MaxPixels).WithChannels(shape.Channels);
        image = options.Size is { } size ? image.Fit(size.Width, size.Height) : image;
        if ((image.Width, image.Height) != (shape.Width, shape.Height))
            throw new BadInputException(
                $"The images differ in size: {files[0].Title} has {shape.Width}×{shape.Height} pixels, {file.Title} has "
                + $"{image.Width}×{image.Height}. Bring them to one size with DataOptions.Size.");
        return image;
    }
}
