using System.Runtime.InteropServices;
using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Data;

/// <summary>
/// The images of an array: [N, width] are signals, images of one row; [N, height, width] are grey; [N, height, width, channels] have up to
/// 16 channels, which may also stand before the height. uint8 and bool become bytes, uint16 stays, float16, 32 and 64 become float32.
/// </summary>
internal sealed class NumpyImages : IImageSource
{
    private readonly NumpyArray array;
    private readonly bool isInterleaved;

    /// <exception cref="BadInputException">The array is none of images.</exception>
    public NumpyImages(NumpyArray array, DataOptions options)
    {
        int[] shape = array.Shape;
        Format = (array.Kind, array.ItemBytes) switch
        {
            ('u' or 'b', 1) => PixelFormat.Byte,
            ('u', 2) => PixelFormat.UInt16,
            ('f', _) => PixelFormat.Single,
            _ => throw new BadInputException(
                $"{array.Title} holds integers of {8 * array.ItemBytes} bits, whose range is not that of pixels. Save levels of 0 to "
                + "255 as array.astype(np.uint8), and others as np.float32."),
        };
        isInterleaved = shape.Length == 4 && shape[3] <= ImageShape.MaxChannels;
        Shape = shape.Length switch
        {
            2 => new ImageShape(shape[1], 1),
            3 => new ImageShape(shape[2], shape[1]),
            4 when isInterleaved => new ImageShape(shape[2], shape[1], shape[3]),
            4 when shape[1] <= ImageShape.MaxChannels => new ImageShape(shape[3], shape[2], shape[1]),
            _ => throw new BadInputException(
                $"{array.Title} is an array of ({string.Join(", ", shape)}). Images are (count, height, width), (count, height, width, "
                + $"channels) with at most {ImageShape.MaxChannels} channels, or signals (count, width): reshape it."),
        };
        Image.CheckDeclaredSize(Shape.Width, Shape.Height, array.Title, options.MaxPixels);
        this.array = array.InOrder(options.MaxValues);
    }

    public int Count => array.Shape[0];

    public ImageShape Shape { get; }

    public PixelFormat Format { get; }

    public void Read(ReadOnlySpan<int> indices, Span<byte> destination)
    {
        int perImage = Shape.Pixels, size = Format.BytesPerValue();
        byte[] item = new byte[perImage * array.ItemBytes], converted = new byte[perImage * size];
        for (int i = 0; i < indices.Length; i++)
        {
            array.Read(indices[i], item);
            Span<byte> image = destination.Slice(i * perImage * size, perImage * size);
            if (!isInterleaved || Shape.Channels == 1)
            {
                Convert(item, image);
                continue;
            }
            Convert(item, converted);
            if (size == 1)
                Samples.ToPlanar<byte>(converted, Shape.Channels, image);
            else if (size == sizeof(ushort))
                Samples.ToPlanar<ushort>(
                    MemoryMarshal.Cast<byte, ushort>(converted), Shape.Channels, MemoryMarshal.Cast<byte, ushort>(image));
            else
                Samples.ToPlanar<float>(
                    MemoryMarshal.Cast<byte, float>(converted), Shape.Channels, MemoryMarshal.Cast<byte, float>(image));
        }
    }

    private void Convert(ReadOnlySpan<byte> item, Span<byte> image)
    {
        Span<float> floats = Format == PixelFormat.Single ? MemoryMarshal.Cast<byte, float>(image) : default;
        switch (array.Kind, array.ItemBytes)
        {
            case ('b', _):
                for (int i = 0; i < image.Length; i++)
                    image[i] = item[i] == 0 ? (byte)0 : byte.MaxValue;
                break;
            case ('f', 2):
                for (int i = 0; i < floats.Length; i++)
                    floats[i] = (float)MemoryMarshal.Cast<byte, System.Half>(item)[i];
                break;
            case ('f', 8):
                for (int i = 0; i < floats.Length; i++)
                    floats[i] = (float)MemoryMarshal.Cast<byte, double>(item)[i];
                break;
            default:
                item.CopyTo(image);
                break;
        }
    }
}
