using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace GpuVae.Formats;

/// <summary>
/// An array in NumPy's format, versions 1 to 3: "\x93NUMPY", two bytes of version, the header's length, the header, a Python literal such
/// as <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (60000, 28, 28), }</c>, then the values. Nothing in it is ever evaluated, and
/// arrays of Python objects, which are pickles, are refused.
/// </summary>
internal sealed partial class NumpyArray
{
    private const int MaxHeader = 1 << 16, MaxDimensions = 32;

    private readonly SeekableFile file;
    private readonly long start;

    private NumpyArray(SeekableFile file, long start, char kind, int itemBytes, bool isSwapped, bool isFortran, int[] shape) =>
        (this.file, this.start, Kind, ItemBytes, IsSwapped, IsFortran, Shape) =
        (file, start, kind, itemBytes, isSwapped, isFortran, shape);

    /// <summary>Its name within its archive or folder, without the extension.</summary>
    public string Name => file.Name.EndsWith(".npy", StringComparison.OrdinalIgnoreCase) ? file.Name[..^4] : file.Name;

    public string Title => file.Title;

    /// <summary>b, i, u or f: bool, signed, unsigned, float.</summary>
    public char Kind { get; }

    public int ItemBytes { get; }

    /// <summary>Whether bytes of a value are not in the machine's order.</summary>
    public bool IsSwapped { get; }

    /// <summary>Whether the first index, not the last, is that of neighbours.</summary>
    public bool IsFortran { get; }

    public int[] Shape { get; }

    /// <summary>Values of an item, which the first index names.</summary>
    public int PerItem { get; private init; }

    public bool IsInteger => Kind is 'b' or 'i' or 'u';

    public static bool IsNumpy(ReadOnlySpan<byte> start) => start.Length >= 6 && start[0] == 0x93 && start[1..6].SequenceEqual("NUMPY"u8);

    /// <summary>Reads the header, and looks whether all of the values are there.</summary>
    /// <exception cref="BadInputException">The file is damaged, or holds something else than numbers.</exception>
    public static NumpyArray Open(SeekableFile file)
    {
        byte[] prefix = new byte[(int)Math.Min(12, file.Length)];
        file.Read(0, prefix);
        if (prefix.Length < 10 || !IsNumpy(prefix) || prefix[6] is < 1 or > 3)
            throw Bad(file, "it does not begin like one");
        int at = prefix[6] == 1 ? 10 : 12;
        if (prefix.Length < at)
            throw Bad(file, "it is truncated within the header");
        long length = prefix[6] == 1 ? BitConverter.ToUInt16(prefix, 8) : BitConverter.ToUInt32(prefix, 8);
        if (length > Math.Min(MaxHeader, file.Length - at))
            throw Bad(file, $"it declares a header of {length} bytes");
        byte[] header = new byte[length];
        file.Read(at, header);
        return Parse(file, at + length, Encoding.Latin1.GetString(header));
    }

    /// <summary>Copies items as they are in the file, but in C's order and the machine's order of bytes.</summary>
    public void Read(int first, Span<byte> items)
    {
        file.Read(start + (long)first * PerItem * ItemBytes, items);
        if (IsSwapped)
            Swap(items, ItemBytes);
    }

    /// <summary>The same array in memory in C's order.</summary>
    /// <param name="most">Bytes.</param>
    /// <exception cref="BadInputException">It has more.</exception>
    public NumpyArray InOrder(long most)
    {
        if (!IsFortran)
            return this;
        long bytes = (long)Shape[0] * PerItem * ItemBytes;
        if (bytes > most)
            throw new BadInputException(
                $"{Title} is in Fortran's order, which is turned round in memory; its {bytes} bytes are more than the {most} that "
                + "may be kept. Save it as np.ascontiguousarray(array), or raise DataOptions.MaxPixels.");
        byte[] turned = new byte[bytes], column = new byte[Shape[0] * ItemBytes];
        int[] rest = Shape[1..], indices = new int[rest.Length];
        for (int p = 0; p < PerItem; p++)
        {
            // The place of value p of every item: its indices, the last running fastest, the first of them counting least.
            long place = 0, stride = 1;
            int left = p;
            for (int d = rest.Length - 1; d >= 0; d--, left /= rest[d + 1])
                indices[d] = left % rest[d];
            for (int d = 0; d < rest.Length; d++, stride *= rest[d - 1])
                place += indices[d] * stride;
            file.Read(start + place * column.Length, column);
            for (int n = 0; n < Shape[0]; n++)
                column.AsSpan(n * ItemBytes, ItemBytes).CopyTo(turned.AsSpan((int)(((long)n * PerItem + p) * ItemBytes)));
        }
        return new NumpyArray(
            new MemoryFile(file.Name, file.Title, turned), 0, Kind, ItemBytes, IsSwapped, isFortran: false, Shape)
        {
            PerItem = PerItem,
        };
    }

    private static NumpyArray Parse(SeekableFile file, long start, string header)
    {
        if (!header.Contains("'descr'", StringComparison.Ordinal) || Fortran().Match(header) is not { Success: true } order
            || Dimensions().Match(header) is not { Success: true } sizes)
            throw Bad(file, "its header is not as it should be");
        if (Type().Match(header) is not { Success: true } type)
            throw new BadInputException(
                $"{file.Title} holds records of several fields. Save the field with the images as an array of its own.");
        (string endian, char kind, int bytes) = (type.Groups[1].Value, type.Groups[2].Value[0], ParseInt(type.Groups[3].Value));
        if (kind == 'O')
            throw new BadInputException(
                $"{file.Title} holds Python objects, which are not read. Where the images are of one size, save "
                + "np.stack(images).astype(np.uint8) instead.");
        if (!(kind is 'b' && bytes == 1) && !(kind is 'i' or 'u' && bytes is 1 or 2 or 4 or 8) && !(kind is 'f' && bytes is 2 or 4 or 8))
            throw new BadInputException(
                $"{file.Title} holds values of type {endian}{kind}{type.Groups[3].Value}; uint8, uint16, float32 and float64 are read. "
                + "Save array.astype(np.float32), or np.uint8 for levels of 0 to 255.");
        string[] texts = sizes.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        int[] shape = [.. texts.Take(MaxDimensions + 1).Select(ParseInt)];
        if (shape.Length is 0 or > MaxDimensions || shape.Any(size => size < 0))
            throw Bad(file, $"a shape of ({sizes.Groups[1].Value}) is none of images");
        if (shape.Contains(0))
            throw new BadInputException(
                $"{file.Title} holds an array of ({string.Join(", ", shape)}): nothing is in it. Name another one.");
        double values = shape.Aggregate(1.0, (product, size) => product * size);
        if (values * bytes > file.Length - start)
            throw Bad(file, $"it is truncated: ({string.Join(", ", shape)}) values of {bytes} bytes are declared, "
                + $"{file.Length - start} bytes are there");
        if (values / shape[0] > int.MaxValue / 8)
            throw Bad(file, $"an item of ({string.Join(", ", shape[1..])}) is too large");
        return new NumpyArray(
            file, start, kind, bytes, isSwapped: bytes > 1 && endian == (BitConverter.IsLittleEndian ? ">" : "<"),
            isFortran: order.Groups[1].Value == "True" && shape.Length > 1, shape)
        {
            PerItem = shape.Skip(1).Aggregate(1, (product, size) => product * size),
        };
    }

    private static int ParseInt(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : -1;

    private static void Swap(Span<byte> values, int itemBytes)
    {
        for (int at = 0; at < values.Length; at += itemBytes)
            values.Slice(at, itemBytes).Reverse();
    }

    private static BadInputException Bad(SeekableFile file, string what) =>
        new($"{file.Title} is not a valid .npy file: {what}. Save or copy it again.");

    [GeneratedRegex(@"'descr'\s*:\s*'([<>=|]?)([A-Za-z])(\d*)'")]
    private static partial Regex Type();

    [GeneratedRegex(@"'fortran_order'\s*:\s*(True|False)")]
    private static partial Regex Fortran();

    [GeneratedRegex(@"'shape'\s*:\s*\(([^)]*)\)")]
    private static partial Regex Dimensions();
}
