using System.Buffers.Binary;

namespace GpuVae.Imaging;

/// <summary>
/// ImageSharp shows what it has of a file that ends too early and leaves the rest blank, without a word. Whoever trains on pictures wants
/// to know, so the structure of a file is followed to the end of the first picture before it is decoded.
/// PNG is looked through in <see cref="Png"/>, TIFF while it is decoded.
/// </summary>
internal static class Completeness
{
    private const string Truncated = "it is truncated";

    /// <exception cref="InvalidDataException">The file ends too early.</exception>
    public static void Check(byte[] content, string format)
    {
        switch (format)
        {
            case "JPEG":
                CheckJpeg(content);
                break;
            case "GIF":
                CheckGif(content);
                break;
            // Their headers say how many bytes there are, in WebP those after the first eight.
            case "BMP" when BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(2)) > content.Length:
            case "Webp" when BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(4)) > content.Length - 8:
                throw new InvalidDataException(Truncated);
        }
    }

    /// <summary>From marker to marker until the one that ends the image; further images and films may follow in files of phones.</summary>
    private static void CheckJpeg(byte[] content)
    {
        const byte endOfImage = 0xD9;
        for (int at = 2; ;)
        {
            int next = content.AsSpan(Math.Min(at, content.Length)).IndexOf((byte)0xFF);
            at += next + 1;
            if (next < 0 || at >= content.Length)
                throw new InvalidDataException(Truncated);
            byte marker = content[at];
            if (marker == endOfImage)
                return;
            // 00 is a stuffed zero, 01 and D0 … D8 stand alone, FF fills; all others begin a segment with its length.
            if (marker is <= 0x01 or (>= 0xD0 and <= 0xD8) or 0xFF)
                at += marker == 0xFF ? 0 : 1;
            else if (at + 2 < content.Length)
                at += 1 + BinaryPrimitives.ReadUInt16BigEndian(content.AsSpan(at + 1));
            else
                throw new InvalidDataException(Truncated);
        }
    }

    /// <summary>From block to block until the data of the first image are over.</summary>
    private static void CheckGif(byte[] content)
    {
        const byte extension = 0x21, image = 0x2C;
        int at = 13 + ColourTable(At(10));
        for (bool isOver = false; !isOver;)
        {
            byte kind = At(at);
            if (kind is not (extension or image))
                throw new InvalidDataException("it holds no image");
            isOver = kind == image;
            // An extension's label, or an image's place, size, colours and code size; then parts of up to 255 bytes until an empty one.
            at += isOver ? 11 + ColourTable(At(at + 9)) : 2;
            for (; At(at) > 0; at += 1 + content[at])
            {
            }
            at++;
        }

        byte At(int position) => position < content.Length ? content[position] : throw new InvalidDataException(Truncated);

        static int ColourTable(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
    }
}
