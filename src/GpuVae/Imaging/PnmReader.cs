using System.Numerics;

namespace GpuVae.Imaging;

/// <summary>
/// Netpbm's portable bitmaps, greymaps and pixmaps (pbm(5), pgm(5), ppm(5)), P1 to P6 with any maximum value. Ours, because ImageSharp 2.1
/// takes other maximum values than 255 and bits without spaces between them for something else, and files that end too early for whole.
/// </summary>
internal sealed class PnmReader(byte[] content)
{
    private int position = 2;

    public static bool CanRead(ReadOnlySpan<byte> content) =>
        content.Length >= 2 && content[0] == 'P' && content[1] is >= (byte)'1' and <= (byte)'6'
        && (content.Length == 2 || IsSpace(content[2]));

    /// <summary>What the header declares.</summary>
    /// <exception cref="InvalidDataException">The header is truncated or damaged.</exception>
    public ImageFacts Identify()
    {
        bool isColoured = content[1] is (byte)'3' or (byte)'6', isBitmap = content[1] is (byte)'1' or (byte)'4';
        return new ImageFacts(
            ReadNumber("width"), ReadNumber("height"), isColoured, !isBitmap && ReadNumber("maximum value") > byte.MaxValue);
    }

    /// <summary>The first image of the file, its samples rounded to 8 bits.</summary>
    /// <exception cref="BadInputException">More pixels are declared than accepted, or none.</exception>
    /// <exception cref="InvalidDataException">The content is truncated or damaged.</exception>
    public Image Read(string file, long maxPixels)
    {
        (int width, int height, int channels, byte[] pixels) = Read<byte>(file, maxPixels);
        return new Image(width, height, channels, pixels);
    }

    /// <summary>The same in 16 bits.</summary>
    /// <exception cref="BadInputException">As for <see cref="Read(string, long)"/>.</exception>
    /// <exception cref="InvalidDataException">As for <see cref="Read(string, long)"/>.</exception>
    public DeepImage ReadDeep(string file, long maxPixels)
    {
        (int width, int height, int channels, ushort[] pixels) = Read<ushort>(file, maxPixels);
        return new DeepImage(width, height, channels, pixels);
    }

    private (int Width, int Height, int Channels, T[] Pixels) Read<T>(string file, long maxPixels)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int kind = content[1] - '0';
        bool isBitmap = kind is 1 or 4, isText = kind <= 3;
        int channels = kind is 3 or 6 ? 3 : 1;
        int width = ReadNumber("width"), height = ReadNumber("height");
        Image.CheckDeclaredSize(width, height, file, maxPixels);
        int max = isBitmap ? 1 : ReadNumber("maximum value");
        if (max is < 1 or > 65535)
            throw new InvalidDataException($"its maximum value is {max}, allowed are 1 to 65535");
        if (!isText && position < content.Length && !IsSpace(content[position++]))
            throw new InvalidDataException("its header does not end with white space");

        int samples = width * height * channels, sampleBytes = max > 255 ? 2 : 1, rowBytes = (width + 7) / 8;
        // Written as text a sample is at least one digit, and all but bitmaps need a separator too.
        long needed = isText ? (isBitmap ? samples : samples * 2L - 1) : isBitmap ? (long)rowBytes * height : (long)samples * sampleBytes;
        if (content.Length - position < needed)
            throw new InvalidDataException(
                $"it is truncated: {width}×{height} pixels need {needed} bytes, {content.Length - position} follow the header");

        long greatest = long.CreateTruncating(T.MaxValue);
        var pixels = new T[samples];
        for (int i = 0; i < samples; i++)
        {
            int sample = kind switch
            {
                1 => ReadBit(),
                2 or 3 => ReadNumber("sample"),
                4 => (content[position + i / width * rowBytes + i % width / 8] >> (7 - i % width % 8)) & 1,
                _ => sampleBytes == 1 ? content[position + i] : (content[position + i * 2] << 8) | content[position + i * 2 + 1],
            };
            if (sample > max)
                throw new InvalidDataException($"sample {i} is {sample}, above the declared maximum {max}");
            // In bitmaps 1 is black.
            pixels[i] = T.CreateTruncating(isBitmap ? (1 - sample) * greatest : (sample * greatest + max / 2) / max);
        }
        return (width, height, channels, pixels);
    }

    private int ReadNumber(string what)
    {
        while (position < content.Length && (IsSpace(content[position]) || content[position] == '#'))
            if (content[position++] == '#')
                while (position < content.Length && content[position] is not ((byte)'\n' or (byte)'\r'))
                    position++;
        int start = position;
        long value = 0;
        for (; position < content.Length && char.IsAsciiDigit((char)content[position]) && value < int.MaxValue; position++)
            value = value * 10 + content[position] - '0';
        if (position == start)
            throw new InvalidDataException(start == content.Length ? $"it is truncated before the {what}" : $"the {what} is not a number");
        return (int)Math.Min(value, int.MaxValue);
    }

    /// <summary>The digits of a plain bitmap need no separators.</summary>
    private int ReadBit()
    {
        while (position < content.Length && IsSpace(content[position]))
            position++;
        int bit = position < content.Length ? content[position++] - '0' : throw new InvalidDataException("it is truncated");
        return bit is 0 or 1 ? bit : throw new InvalidDataException("a pixel of a bitmap is neither 0 nor 1");
    }

    private static bool IsSpace(byte value) => value is (byte)' ' or (>= 9 and <= 13);
}
