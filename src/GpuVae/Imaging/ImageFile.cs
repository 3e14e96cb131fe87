using GpuVae.Formats;

namespace GpuVae.Imaging;

/// <summary>
/// Images by path. Reading tells the format by the content, writing by the extension; both know PNG, JPEG, WebP, GIF, BMP, TIFF and PNM.
/// </summary>
public static class ImageFile
{
    /// <summary>The formats that are read and written, for people.</summary>
    public const string Formats = "PNG, JPEG, WebP, GIF, BMP, TIFF, PNM";

    private const long MaxBytes = 1 << 28;

    private static readonly string[] Extensions =
        [".png", ".apng", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".pnm", ".pgm", ".ppm", ".pbm"];

    /// <summary>Whether the name looks like that of an image; used to tell images from other files in a folder.</summary>
    public static bool HasKnownExtension(string path) => Extensions.Contains(Extension(path));

    /// <summary>Reads an image file; see <see cref="Decode"/>.</summary>
    /// <exception cref="BadInputException">The file is missing, of no known format, or broken.</exception>
    public static Image Read(string path)
    {
        return Decode(InputFile.ReadAllBytes(path, MaxBytes), path);
    }

    /// <summary>
    /// Decodes the content of an image file: the first of several frames, turned as EXIF tells, samples of 16 bits rounded to 8, CMYK
    /// as RGB. It has one channel where the format holds shades of grey, and four only where a pixel is not opaque.
    /// </summary>
    /// <param name="content">The whole file.</param>
    /// <param name="file">Its name, for messages only.</param>
    /// <exception cref="BadInputException">The content is of no known format, broken, or declares an absurd size.</exception>
    public static Image Decode(byte[] content, string file)
    {
        if (content.Length == 0)
            throw new BadInputException($"{file} is empty. Remove or replace the file.");
        Image? image;
        try
        {
            image = PnmReader.CanRead(content) ? new PnmReader(content).Read(file) : ImageSharpCodec.Decode(content, file);
        }
        catch (Exception error) when (error is not BadInputException)
        {
            throw new BadInputException($"{file} is not a valid image: {error.Message.TrimEnd('.')}. Replace or remove the file.", error);
        }
        return image ?? throw new BadInputException($"{file} is not an image of a known format ({Formats}). Convert or remove the file.");
    }

    /// <summary>Writes by way of a temporary name, so a half-written picture never stands under <paramref name="path"/>.</summary>
    /// <exception cref="BadInputException">The extension names no known format.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void Write(string path, Image image)
    {
        RequireExtension(path);
        AtomicFile.Write(path, stream => ImageSharpCodec.Encode(stream, image, Extension(path)));
    }

    /// <summary>Says before anything is computed for a picture whether <see cref="Write"/> would take its name and place.</summary>
    /// <exception cref="BadInputException">The extension names no known format, or the path is a folder.</exception>
    /// <exception cref="IOException">The place cannot be written.</exception>
    public static void RequireWritable(string path)
    {
        RequireExtension(path);
        AtomicFile.RequireWritable(path);
    }

    /// <summary>
    /// Writes an animation that plays for ever, as animated PNG or GIF. The frames, at least one, have the same size and channels; the
    /// rate is 1 to 1000, of which GIF shows at most 100.
    /// </summary>
    /// <exception cref="ArgumentException">No frames, frames that differ in size, or a rate out of range.</exception>
    /// <exception cref="BadInputException">The extension is not that of a PNG or a GIF.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void WriteAnimation(string path, IReadOnlyList<Image> frames, int framesPerSecond)
    {
        if (Extension(path) is not (".png" or ".apng" or ".gif"))
            throw new BadInputException($"{path}: an animation can be written as PNG or GIF only. Use .png, .apng or .gif.");
        ArgumentOutOfRangeException.ThrowIfZero(frames.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(framesPerSecond, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(framesPerSecond, 1000);
        Image first = frames[0];
        if (frames.Any(frame => (frame.Width, frame.Height, frame.Channels) != (first.Width, first.Height, first.Channels)))
            throw new ArgumentException("The frames of an animation must have the same size and channels.", nameof(frames));
        Action<Stream, IReadOnlyList<Image>, int> write = Extension(path) == ".gif" ? ImageSharpCodec.EncodeGif : AnimatedPng.Write;
        AtomicFile.Write(path, stream => write(stream, frames, framesPerSecond));
    }

    private static string Extension(string path) => Path.GetExtension(path).ToLowerInvariant();

    private static void RequireExtension(string path)
    {
        if (!HasKnownExtension(path))
            throw new BadInputException(Directory.Exists(path)
                ? $"{path} is a folder; name the picture to write in it, such as {Path.Combine(path, "picture.png")}."
                : $"{path}: the extension names no known image format ({Formats}). Use .png.");
    }
}
