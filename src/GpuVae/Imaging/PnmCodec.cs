using System.Text;
using GpuVae.Options;

namespace GpuVae.Imaging;

/// <summary>
/// Netpbm's portable bitmaps, greymaps and pixmaps (pbm(5), pgm(5), ppm(5)): reads P1–P6 with any maximum value, writes P5 and P6.
/// Only the first image of a file is read. Alpha is composited on black when writing, the format has none.
/// </summary>
internal sealed class PnmCodec : IImageCodec
{
    public string Name => "PNM";
    public IReadOnlyList<string> Extensions { get; } = [".pnm", ".pgm", ".ppm", ".pbm"];

    public bool CanRead(ReadOnlySpan<byte> header) =>
        header.Length >= 2 && header[0] == 'P' && header[1] is >= (byte)'1' and <= (byte)'6' && (header.Length == 2 || IsSpace(header[2]));

    public Image Read(byte[] content, string file)
    {
        int kind = content[1] - '0', position = 2;
        bool bitmap = kind is 1 or 4, text = kind <= 3;
        int channels = kind is 3 or 6 ? 3 : 1;
        int width = ReadNumber(content, ref position, file, "width");
        int height = ReadNumber(content, ref position, file, "height");
        Image.CheckDeclaredSize(width, height, file);
        int max = bitmap ? 1 : ReadNumber(content, ref position, file, "maximum value");
        if (max is < 1 or > 65535)
            throw Bad(file, $"its maximum value is {max}, allowed are 1 to 65535");
        if (!text && position < content.Length && !IsSpace(content[position++]))
            throw Bad(file, "its header does not end with white space");

        int samples = width * height * channels, sampleBytes = max > 255 ? 2 : 1, rowBytes = (width + 7) / 8;
        // Written as text a sample is at least one digit, and all but bitmaps need a separator too.
        long needed = text ? (bitmap ? samples : samples * 2L - 1) : bitmap ? (long)rowBytes * height : (long)samples * sampleBytes;
        if (content.Length - position < needed)
            throw Bad(file, $"it is truncated: {width}×{height} pixels need {needed} bytes, {content.Length - position} follow the header");

        var image = new Image(width, height, channels);
        for (int i = 0; i < samples; i++)
        {
            int sample = kind switch
            {
                1 => ReadBit(content, ref position, file),
                2 or 3 => ReadNumber(content, ref position, file, "sample"),
                4 => (content[position + i / width * rowBytes + i % width / 8] >> (7 - i % width % 8)) & 1,
                _ => sampleBytes == 1 ? content[position + i] : (content[position + i * 2] << 8) | content[position + i * 2 + 1],
            };
            if (sample > max)
                throw Bad(file, $"sample {i} is {sample}, above the declared maximum {max}");
            // In bitmaps 1 is black.
            image.Pixels[i] = (byte)(bitmap ? (1 - sample) * 255 : (sample * 255L + max / 2) / max);
        }
        return image;
    }

    public void Write(Stream stream, Image image, string extension)
    {
        int channels = extension switch { ".ppm" => 3, ".pgm" or ".pbm" => 1, _ => image.Channels == 1 ? 1 : 3 };
        Image opaque = image.WithChannels(channels);
        stream.Write(Encoding.ASCII.GetBytes($"P{(channels == 1 ? 5 : 6)}\n{image.Width} {image.Height}\n255\n"));
        stream.Write(opaque.Pixels);
    }

    private static int ReadNumber(byte[] content, ref int position, string file, string what)
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
            throw Bad(file, start == content.Length ? $"it is truncated before the {what}" : $"the {what} is not a number");
        return (int)Math.Min(value, int.MaxValue);
    }

    /// <summary>The digits of a plain bitmap need no separators.</summary>
    private static int ReadBit(byte[] content, ref int position, string file)
    {
        while (position < content.Length && IsSpace(content[position]))
            position++;
        if (position == content.Length)
            throw Bad(file, "it is truncated");
        int bit = content[position++] - '0';
        return bit is 0 or 1 ? bit : throw Bad(file, "a pixel of a bitmap is neither 0 nor 1");
    }

    private static bool IsSpace(byte value) => value is (byte)' ' or (>= 9 and <= 13);

    private static BadInputException Bad(string file, string what) =>
        new($"{file} is not a valid PNM image: {what}. Replace or remove the file.");
}
