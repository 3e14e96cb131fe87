using System.Runtime.InteropServices;
using GpuVae.Imaging;

namespace GpuVae.Data;

/// <summary>How the values of images are kept, in the byte order of the machine.</summary>
public enum PixelFormat
{
    /// <summary>0 … 255, of which a model sees the 255th part.</summary>
    Byte,

    /// <summary>0 … 65535, of which a model sees the 65535th part.</summary>
    UInt16,

    /// <summary>Floats, which a model sees as they are; what they may be is its likelihood's business.</summary>
    Single,
}

/// <summary>What follows from a format.</summary>
internal static class PixelFormats
{
    public static int BytesPerValue(this PixelFormat format) => format switch
    {
        PixelFormat.Byte => 1,
        PixelFormat.UInt16 => sizeof(ushort),
        _ => sizeof(float),
    };

    /// <summary>A picture in a file with samples of this format, which is one of bytes or of 16 bits.</summary>
    /// <exception cref="BadInputException">As for <see cref="ImageFile.Decode"/>.</exception>
    public static IRaster Decode(this PixelFormat format, byte[] content, string file, long maxPixels) =>
        format == PixelFormat.UInt16
            ? ImageFile.DecodeDeep(content, file, maxPixels)
            : ImageFile.Decode(content, file, maxPixels);

    /// <summary>Values as a model sees them.</summary>
    public static void ToFloats(this PixelFormat format, ReadOnlySpan<byte> raw, Span<float> values)
    {
        if (format == PixelFormat.Single)
        {
            MemoryMarshal.Cast<byte, float>(raw).CopyTo(values);
            return;
        }
        if (format == PixelFormat.Byte)
        {
            for (int i = 0; i < values.Length; i++)
                values[i] = raw[i] / 255f;
            return;
        }
        ReadOnlySpan<ushort> wide = MemoryMarshal.Cast<byte, ushort>(raw);
        for (int i = 0; i < values.Length; i++)
            values[i] = wide[i] / 65535f;
    }
}
