using System.Buffers.Binary;
using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Data;

/// <summary>
/// The IDX files of MNIST and its relatives, plain or gzip-compressed: two zero bytes, a type byte (8 = unsigned byte), the number
/// of dimensions, each dimension as a big-endian uint32, then the data.
/// </summary>
public static class IdxFile
{
    private const int UnsignedByte = 8, HeaderBytes = 16;
    private const long MaxDeflateRatio = 1032;

    /// <summary>Reads images, [N, height, width] unsigned bytes, and, when given, as many labels.</summary>
    /// <param name="imagesPath">The images.</param>
    /// <param name="labelsPath">Their labels; null for none.</param>
    /// <param name="options">Which images to take, and how many pixels at most; size and channels stay the file's.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="BadInputException">
    /// A file is missing, of another kind, truncated or too large, or the counts differ.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet Read(
        string imagesPath, string? labelsPath = null, DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        int declared = 0;
        (int[] sizes, byte[] pixels) = ReadArray(imagesPath, 3, "images (three dimensions)", options, dimensions =>
        {
            (declared, int height, int width) = (dimensions[0], dimensions[1], dimensions[2]);
            Image.CheckDeclaredSize(width, height, imagesPath, options.MaxPixels);
            int count = options.Taken(declared, imagesPath).Count;
            options.RequireKeeps((long)count * height * width, imagesPath);
            ImageSize size = options.Size ?? new ImageSize(width, height);
            options.RequireKeeps((long)count * size.Height * size.Width * (options.Channels ?? 1), imagesPath);
        }, cancellation);
        int[]? labels = labelsPath is null ? null : ReadLabels(imagesPath, declared, labelsPath, options, cancellation);
        return new ImageSet(Path.GetFileName(imagesPath), width: sizes[2], height: sizes[1], channels: 1, pixels, labels);
    }

    /// <summary>The images of a file to be read as they are needed; null where the options do not say so, or it is compressed.</summary>
    internal static ImageSet? Streamed(string imagesPath, string? labelsPath, DataOptions options, CancellationToken cancellation)
    {
        if (!options.IsStreamed)
            return null;
        var file = new DiskFile(imagesPath);
        byte[] header = new byte[HeaderBytes];
        if (file.Length > header.Length)
            file.Read(0, header);
        if (header is not [0, 0, UnsignedByte, 3, ..])
            return null;
        // One image, by which everything that is declared is checked.
        DataOptions one = options with { First = 0, Limit = 1, IsStreamed = false };
        ImageSet first = Read(imagesPath, options: one, cancellation: cancellation);
        int count = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
        int[]? labels = labelsPath is null ? null : ReadLabels(imagesPath, count, labelsPath, new DataOptions(), cancellation);
        return new ImageSet(first.Name, new RecordImages(file, count, first.Shape, HeaderBytes, first.PixelsPerImage), labels);
    }

    /// <summary>Whether a file's name is that of IDX images, as in <c>train-images-idx3-ubyte.gz</c>.</summary>
    internal static bool IsImagesName(string path) =>
        Path.GetFileName(path).Contains("idx3", StringComparison.OrdinalIgnoreCase);

    /// <summary>The labels that belong to images by name, compressed or not, if that file exists.</summary>
    internal static string? FindLabels(string imagesPath)
    {
        string name = Path.GetFileName(imagesPath).Replace("images", "labels", StringComparison.Ordinal)
            .Replace("idx3", "idx1", StringComparison.Ordinal);
        if (name.EndsWith(".gz", StringComparison.Ordinal))
            name = name[..^3];
        string plain = Path.Combine(Path.GetDirectoryName(imagesPath) ?? "", name);
        string[] candidates = [plain, plain + ".gz"];
        return candidates.FirstOrDefault(path => path != imagesPath && File.Exists(path));
    }

    private static int[] ReadLabels(string imagesPath, int images, string labelsPath, DataOptions options, CancellationToken cancellation)
    {
        (_, byte[] bytes) = ReadArray(labelsPath, 1, "labels (one dimension)", options, dimensions =>
        {
            if (dimensions[0] != images)
                throw new BadInputException(
                    $"{imagesPath} holds {images} images but {labelsPath} holds {dimensions[0]} labels. Take both from one set.");
        }, cancellation);
        return [.. bytes.Select(b => (int)b)];
    }

    /// <summary>The part of an array that <paramref name="options"/> take, and the sizes of all of it.</summary>
    private static (int[] Sizes, byte[] Data) ReadArray(
        string path, int dimensions, string expected, DataOptions options, Action<int[]> check, CancellationToken cancellation)
    {
        try
        {
            using FileStream file = InputFile.Open(path);
            bool compressed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            using Stream stream = compressed ? new GzipReader(file) : file;

            byte[] header = new byte[4 + 4 * dimensions];
            int got = stream.ReadAtLeast(header, 4, throwOnEndOfStream: false);
            if (got < 4)
                throw Bad(path, $"it is truncated: {got} bytes are no header");
            if (header[0] != 0 || header[1] != 0)
                throw Bad(path, $"it begins with {Convert.ToHexString(header, 0, 4)} instead of 0000");
            if (header[2] != UnsignedByte || header[3] != dimensions)
                throw Bad(path, $"it holds type {header[2]} in {header[3]} dimensions; {expected} of type {UnsignedByte} are needed");
            if (got < header.Length)
                got += stream.ReadAtLeast(header.AsSpan(got), header.Length - got, throwOnEndOfStream: false);
            if (got < header.Length)
                throw Bad(path, "it is truncated within the header");

            int[] sizes = new int[dimensions];
            long count = 1, most = compressed ? file.Length * MaxDeflateRatio : file.Length - header.Length;
            for (int i = 0; i < dimensions; i++)
            {
                uint size = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4 + 4 * i));
                if (size == 0)
                    throw Bad(path, "one of its dimensions is zero, so there is nothing in it");
                if (size > Array.MaxLength || (count *= size) > Array.MaxLength)
                    throw Bad(path, $"it declares more than {Array.MaxLength} bytes");
                sizes[i] = (int)size;
            }
            // Checked before allocating: a few damaged header bytes must not ask for gigabytes.
            if (count > most)
                throw Bad(path, $"it is truncated: {string.Join("×", sizes)} bytes are declared, at most {most} are there");

            check(sizes);
            (int first, int taken) = options.Taken(sizes[0], path);
            long perItem = count / sizes[0], read = Skip(stream, first * perItem, cancellation);
            byte[] data = new byte[taken * perItem];
            read += Fill(data, stream, cancellation);
            bool isWhole = first + taken == sizes[0];
            if (read < (first + taken) * perItem)
                throw Bad(path, $"it is truncated: {string.Join("×", sizes)} = {count} bytes are declared, {read} are there");
            // What follows what is taken is not looked at. At the end of a compressed file its checksum is verified.
            if (isWhole && stream.ReadByte() >= 0)
                throw Bad(path, $"it goes on after the declared {string.Join("×", sizes)} bytes");
            return (sizes, data);
        }
        catch (InvalidDataException error)
        {
            throw Bad(path, $"its gzip compression is damaged ({error.Message.TrimEnd('.')})", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw InputFile.NotRead(path, error);
        }
    }

    /// <summary>Reads over so many bytes, or to the end; says over how many.</summary>
    private static long Skip(Stream stream, long bytes, CancellationToken cancellation)
    {
        byte[] buffer = new byte[Math.Min(bytes, 1 << 16)];
        long left = bytes;
        for (int count = 1; left > 0 && count > 0; left -= count)
        {
            cancellation.ThrowIfCancellationRequested();
            count = stream.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
        }
        return bytes - left;
    }

    /// <summary>Reads until the data are full, or to the end; says how many bytes.</summary>
    private static int Fill(Span<byte> data, Stream stream, CancellationToken cancellation)
    {
        int got = 0;
        for (int count = 1; got < data.Length && count > 0; got += count)
        {
            cancellation.ThrowIfCancellationRequested();
            count = stream.Read(data.Slice(got, Math.Min(data.Length - got, 1 << 20)));
        }
        return got;
    }

    private static BadInputException Bad(string path, string what, Exception? inner = null) =>
        new($"{path} is not a valid IDX file: {what}. Download or copy the file again.", inner);
}
