using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using GpuVae.Formats;
using GpuVae.Options;

namespace GpuVae.Imaging;

/// <summary>Decodes one PNG file; section numbers are those of the W3C specification.</summary>
internal sealed class PngReader(byte[] content, string file)
{
    /// <summary>Deflate cannot expand data by more than this factor (a 258-byte match costs at least two bits).</summary>
    private const long MaxDeflateRatio = 1032;

    /// <summary>Adam7 (8.2): x and y of the first pixel of each pass and the steps between its pixels.</summary>
    private static readonly (int X, int Y, int StepX, int StepY)[] InterlacePasses =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private int width, height, bitDepth, colourType, samplesPerPixel;
    private bool interlaced;
    private byte[] palette = [];
    private byte[]? transparency;
    private readonly MemoryStream compressed = new();

    public Image Read()
    {
        if (!content.AsSpan().StartsWith(PngCodec.Signature))
            throw Bad(content.Length < 8 ? "it is truncated within the signature" : "the signature is damaged, as by a text-mode transfer");
        ReadChunks();

        // Every pass is rows of one filter byte and the packed samples; a pass without pixels has no rows (9.1).
        (int X, int Y, int StepX, int StepY)[] passes = interlaced ? InterlacePasses : [(0, 0, 1, 1)];
        long expected = 0;
        foreach ((int X, int Y, int StepX, int StepY) pass in passes)
        {
            (int columns, int rows) = PassSize(pass);
            expected += columns == 0 ? 0 : rows * (1 + RowBytes(columns));
        }
        if (expected > compressed.Length * MaxDeflateRatio)
            throw Bad($"it declares {width}×{height} pixels but holds only {compressed.Length} bytes of image data");

        var image = new Image(width, height, OutputChannels);
        compressed.Position = 0;
        try
        {
            using var zlib = new ZLibStream(compressed, CompressionMode.Decompress);
            foreach ((int X, int Y, int StepX, int StepY) pass in passes)
                ReadPass(zlib, pass, image);
            // Reading past the last row makes the decoder verify the Adler-32 checksum.
            zlib.ReadByte();
        }
        catch (InvalidDataException error)
        {
            throw Bad("its image data is corrupt", error);
        }
        return image;
    }

    /// <summary>The value that filter <paramref name="filter"/> (9.2) subtracts from a byte.</summary>
    public static int Predict(int filter, int left, int above, int upperLeft) => filter switch
    {
        0 => 0,
        1 => left,
        2 => above,
        3 => (left + above) / 2,
        _ => Paeth(left, above, upperLeft),
    };

    private int OutputChannels => (colourType is 4 or 6 || transparency is not null) ? 4 : colourType == 0 ? 1 : 3;

    private int RowBytes(int columns) => (int)(((long)columns * samplesPerPixel * bitDepth + 7) / 8);

    private (int Columns, int Rows) PassSize((int X, int Y, int StepX, int StepY) pass) =>
        ((width - pass.X + pass.StepX - 1) / pass.StepX, (height - pass.Y + pass.StepY - 1) / pass.StepY);

    private void ReadChunks()
    {
        int position = 8;
        bool ended = false, idatOver = false;
        for (bool first = true; !ended; first = false)
        {
            if (content.Length - position < 12)
                throw Bad("it is truncated: the file ends before the IEND chunk");
            uint length = BinaryPrimitives.ReadUInt32BigEndian(content.AsSpan(position));
            ReadOnlySpan<byte> typeBytes = content.AsSpan(position + 4, 4);
            string type = Encoding.Latin1.GetString(typeBytes);
            if (!type.All(char.IsAsciiLetter))
                throw Bad($"at byte {position} there is no chunk where one should start");
            if (length > content.Length - position - 12)
                throw Bad($"it is truncated: chunk {type} at byte {position} declares {length} bytes, the file ends before them");
            ReadOnlySpan<byte> data = content.AsSpan(position + 8, (int)length);
            uint stored = BinaryPrimitives.ReadUInt32BigEndian(content.AsSpan(position + 8 + (int)length));
            if (stored != Crc32.Compute(content.AsSpan(position + 4, 4 + (int)length)))
                throw Bad($"the checksum of chunk {type} at byte {position} differs");
            if (first != (type == "IHDR"))
                throw Bad(first ? "its first chunk is not IHDR" : "it has a second IHDR chunk");
            idatOver |= type != "IDAT" && compressed.Length > 0;

            switch (type)
            {
                case "IHDR":
                    ReadHeader(data);
                    break;
                case "PLTE":
                    if (data.Length is 0 or > 768 || data.Length % 3 != 0)
                        throw Bad($"its palette has {data.Length} bytes");
                    palette = data.ToArray();
                    break;
                case "tRNS":
                    int need = colourType switch { 0 => 2, 2 => 6, _ => 0 };
                    if (need > 0 && data.Length != need)
                        throw Bad($"its tRNS chunk has {data.Length} bytes instead of {need}");
                    transparency = data.ToArray();
                    break;
                case "IDAT":
                    if (idatOver)
                        throw Bad("its IDAT chunks are not consecutive");
                    compressed.Write(data);
                    break;
                case "IEND":
                    ended = true;
                    break;
                default:
                    // An upper-case first letter marks a chunk without which the image cannot be understood (5.4).
                    if (char.IsAsciiLetterUpper(type[0]))
                        throw Bad($"it needs the unknown chunk {type}");
                    break;
            }
            position += 12 + (int)length;
        }
        if (compressed.Length == 0)
            throw Bad("it has no image data");
        if (colourType == 3 && palette.Length == 0)
            throw Bad("it is an indexed image without a palette");
    }

    private void ReadHeader(ReadOnlySpan<byte> data)
    {
        if (data.Length != 13)
            throw Bad($"its header has {data.Length} bytes instead of 13");
        uint declaredWidth = BinaryPrimitives.ReadUInt32BigEndian(data), declaredHeight = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
        Image.CheckDeclaredSize(declaredWidth, declaredHeight, file);
        (width, height, bitDepth, colourType) = ((int)declaredWidth, (int)declaredHeight, data[8], data[9]);
        bool known = colourType switch
        {
            0 => bitDepth is 1 or 2 or 4 or 8 or 16,
            3 => bitDepth is 1 or 2 or 4 or 8,
            2 or 4 or 6 => bitDepth is 8 or 16,
            _ => false,
        };
        if (!known)
            throw Bad($"its header declares colour type {colourType} with {bitDepth} bits, which PNG does not have");
        if (data[10] != 0 || data[11] != 0 || data[12] > 1)
            throw Bad($"its header declares compression {data[10]}, filter {data[11]}, interlace {data[12]}, which PNG does not have");
        interlaced = data[12] == 1;
        samplesPerPixel = colourType switch { 0 or 3 => 1, 2 => 3, 4 => 2, _ => 4 };
    }

    private void ReadPass(Stream zlib, (int X, int Y, int StepX, int StepY) pass, Image image)
    {
        (int columns, int rows) = PassSize(pass);
        if (columns == 0)
            return;
        int rowBytes = RowBytes(columns), distance = Math.Max(1, samplesPerPixel * bitDepth / 8);
        byte[] row = new byte[rowBytes + 1], above = new byte[rowBytes + 1];
        for (int r = 0; r < rows; r++)
        {
            if (zlib.ReadAtLeast(row, row.Length, throwOnEndOfStream: false) < row.Length)
                throw Bad("its image data ends too early");
            int filter = row[0];
            if (filter > 4)
                throw Bad($"its image data is corrupt: filter {filter} does not exist");
            if (filter > 0)
                for (int i = 1; i <= rowBytes; i++)
                {
                    bool inside = i > distance;
                    row[i] += (byte)Predict(filter, inside ? row[i - distance] : 0, above[i], inside ? above[i - distance] : 0);
                }
            int y = pass.Y + r * pass.StepY;
            if (bitDepth == 8 && !interlaced && samplesPerPixel == image.Channels)
                row.AsSpan(1).CopyTo(image.Pixels.AsSpan(y * rowBytes));
            else
                for (int column = 0; column < columns; column++)
                    StorePixel(row.AsSpan(1), column, image.Pixels.AsSpan((y * width + pass.X + column * pass.StepX) * image.Channels));
            (row, above) = (above, row);
        }
    }

    private void StorePixel(ReadOnlySpan<byte> row, int column, Span<byte> pixel)
    {
        int first = column * samplesPerPixel;
        int s0 = Sample(row, first);
        if (colourType == 3)
        {
            if (s0 * 3 >= palette.Length)
                throw Bad($"it uses palette entry {s0} of {palette.Length / 3}");
            palette.AsSpan(s0 * 3, 3).CopyTo(pixel);
            if (transparency is not null)
                pixel[3] = s0 < transparency.Length ? transparency[s0] : (byte)255;
            return;
        }

        bool grey = colourType is 0 or 4;
        int s1 = grey ? s0 : Sample(row, first + 1), s2 = grey ? s0 : Sample(row, first + 2);
        pixel[0] = ToByte(s0);
        if (OutputChannels == 1)
            return;
        (pixel[1], pixel[2]) = (ToByte(s1), ToByte(s2));
        if (colourType is 4 or 6)
            pixel[3] = ToByte(Sample(row, first + samplesPerPixel - 1));
        else if (transparency is not null)
            pixel[3] = IsTransparentColour(s0, s1, s2) ? (byte)0 : (byte)255;
    }

    private bool IsTransparentColour(int s0, int s1, int s2)
    {
        int Key(int i) => BinaryPrimitives.ReadUInt16BigEndian(transparency.AsSpan(i * 2)) & ((1 << bitDepth) - 1);
        return s0 == Key(0) && (colourType == 0 || (s1 == Key(1) && s2 == Key(2)));
    }

    private int Sample(ReadOnlySpan<byte> row, int index)
    {
        if (bitDepth == 8)
            return row[index];
        if (bitDepth == 16)
            return (row[index * 2] << 8) | row[index * 2 + 1];
        int bit = index * bitDepth;
        return (row[bit >> 3] >> (8 - bitDepth - (bit & 7))) & ((1 << bitDepth) - 1);
    }

    /// <summary>Scales a sample of any depth to 0…255, to the nearest.</summary>
    private byte ToByte(int sample)
    {
        int max = (1 << bitDepth) - 1;
        return bitDepth == 8 ? (byte)sample : (byte)((sample * 255L + max / 2) / max);
    }

    private static int Paeth(int left, int above, int upperLeft)
    {
        int estimate = left + above - upperLeft;
        int toLeft = Math.Abs(estimate - left), toAbove = Math.Abs(estimate - above), toUpperLeft = Math.Abs(estimate - upperLeft);
        return toLeft <= toAbove && toLeft <= toUpperLeft ? left : toAbove <= toUpperLeft ? above : upperLeft;
    }

    private BadInputException Bad(string what, Exception? inner = null) =>
        new($"{file} is not a valid PNG image: {what}. Replace or remove the file.", inner);
}
