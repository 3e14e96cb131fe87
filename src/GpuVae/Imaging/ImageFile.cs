using GpuVae.Formats;
using GpuVae.Options;

namespace GpuVae.Imaging;

/// <summary>Images by path: the codec is found by the content when reading and by the extension when writing.</summary>
public static class ImageFile
{
    /// <summary>All codecs of this build, in the order in which they are asked.</summary>
    internal static IReadOnlyList<IImageCodec> Codecs { get; } =
    [
        new PngCodec(),
        new PnmCodec(),
        new TurboJpegCodec(),
#if IMAGESHARP
        new ImageSharpCodec(),
#endif
    ];

    /// <summary>Whether the name looks like an image that this build may read; used to tell images from other files in a folder.</summary>
    public static bool HasKnownExtension(string path) => FindByExtension(path) is not null;

    /// <exception cref="BadInputException">The file is missing, of no known format, or broken.</exception>
    public static Image Read(string path)
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string reason = Directory.Exists(path) ? "it is a folder. Name an image in it."
                : error is FileNotFoundException or DirectoryNotFoundException ? "it does not exist. Check the name."
                : error.Message;
            throw new BadInputException($"{path} could not be read: {reason}", error);
        }
        return Decode(content, path);
    }

    /// <summary>Decodes the content of an image file; <paramref name="file"/> is its name, for messages only.</summary>
    /// <exception cref="BadInputException">The content is of no known format, or broken.</exception>
    public static Image Decode(byte[] content, string file)
    {
        if (content.Length == 0)
            throw new BadInputException($"{file} is empty. Remove or replace the file.");
        ReadOnlySpan<byte> header = content.AsSpan(0, Math.Min(16, content.Length));
        foreach (IImageCodec codec in Codecs)
            if (codec.CanRead(header))
                return codec.Read(content, file);
        throw new BadInputException($"{file} is not an image this build can read ({Formats()}). Convert or remove the file.");
    }

    /// <summary>Writes by way of a temporary name, so a half-written picture never stands under <paramref name="path"/>.</summary>
    /// <exception cref="BadInputException">The extension names no format this build can write.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void Write(string path, Image image)
    {
        IImageCodec codec = FindByExtension(path) ?? throw NotWritable(path);
        AtomicFile.Write(path, stream => codec.Write(stream, image, Path.GetExtension(path).ToLowerInvariant()));
    }

    /// <summary>Says before anything is computed for a picture whether <see cref="Write"/> would take its name and place.</summary>
    /// <exception cref="BadInputException">The extension names no format this build can write, or the path is a folder.</exception>
    /// <exception cref="IOException">The place cannot be written.</exception>
    public static void RequireWritable(string path)
    {
        if (FindByExtension(path) is null)
            throw NotWritable(path);
        AtomicFile.RequireWritable(path);
    }

    /// <summary>Writes an animated PNG that plays for ever; see <see cref="PngCodec.WriteAnimation"/>.</summary>
    /// <exception cref="BadInputException">The extension is not that of a PNG.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void WriteAnimation(string path, IReadOnlyList<Image> frames, int framesPerSecond)
    {
        if (FindByExtension(path) is not PngCodec)
            throw new BadInputException($"{path}: an animation can be written as PNG only. Use .png or .apng.");
        AtomicFile.Write(path, stream => PngCodec.WriteAnimation(stream, frames, framesPerSecond));
    }

    private static IImageCodec? FindByExtension(string path)
    {
        string extension = Path.GetExtension(path).ToLowerInvariant();
        return Codecs.FirstOrDefault(codec => codec.Extensions.Contains(extension));
    }

    private static BadInputException NotWritable(string path) => new(
        Directory.Exists(path)
            ? $"{path} is a folder; name the picture to write in it, such as {Path.Combine(path, "picture.png")}."
            : $"{path}: the extension names no image format this build can write ({Formats()}). Use .png.");

    private static string Formats() => string.Join(", ", Codecs.Select(codec => codec.Name));
}
