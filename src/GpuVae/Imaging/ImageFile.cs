using GpuVae.Formats;

namespace GpuVae.Imaging;

/// <summary>
/// Images by path. Reading tells the format by the content, writing by the extension; both know PNG, JPEG, WebP, GIF, BMP, TIFF and PNM.
/// </summary>
public static class ImageFile
{
    /// <summary>The formats that are read and written, for people.</summary>
    public const string Formats = "PNG, JPEG, WebP, GIF, BMP, TIFF, PNM";

    /// <summary>Of a file beside its pixels: headers, profiles, further frames.</summary>
    private const long MaxOtherBytes = 32 << 20;

    private static readonly string[] Extensions =
        [".png", ".apng", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".pnm", ".pgm", ".ppm", ".pbm"];

    /// <summary>Whether the name looks like that of an image; used to tell images from other files in a folder.</summary>
    public static bool HasKnownExtension(string path) => Extensions.Contains(Extension(path));

    /// <summary>Reads an image file; see <see cref="Decode"/>.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="maxPixels">As <see cref="DataOptions.MaxPixels"/>.</param>
    /// <exception cref="BadInputException">The file is missing, of no known format, broken, or declares too many pixels.</exception>
    public static Image Read(string path, long maxPixels = DataOptions.DefaultMaxPixels) =>
        Decode(InputFile.ReadAllBytes(path, MaxBytes(maxPixels)), path, maxPixels);

    /// <summary>What the header of an image file declares, without decoding it.</summary>
    /// <param name="content">The whole file.</param>
    /// <param name="file">Its name, for messages only.</param>
    /// <param name="maxPixels">As <see cref="DataOptions.MaxPixels"/>.</param>
    /// <exception cref="BadInputException">As for <see cref="Decode"/>, as far as the header tells.</exception>
    internal static ImageFacts Identify(byte[] content, string file, long maxPixels)
    {
        ImageFacts facts = Interpret(content, file, () => PnmReader.CanRead(content)
            ? new PnmReader(content).Identify()
            : ImageSharpCodec.Identify(content, file, maxPixels));
        Image.CheckDeclaredSize(facts.Width, facts.Height, file, maxPixels);
        return facts;
    }

    /// <summary>
    /// Decodes the content of an image file: the first of several frames, turned as EXIF tells, samples of 16 bits rounded to 8, CMYK
    /// as RGB. It has one channel where the format holds shades of grey, and four only where a pixel is not opaque.
    /// </summary>
    /// <param name="content">The whole file.</param>
    /// <param name="file">Its name, for messages only.</param>
    /// <param name="maxPixels">As <see cref="DataOptions.MaxPixels"/>.</param>
    /// <exception cref="BadInputException">The content is of no known format, broken, or declares too many pixels.</exception>
    public static Image Decode(byte[] content, string file, long maxPixels = DataOptions.DefaultMaxPixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxPixels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxPixels, DataOptions.GreatestMaxPixels);
        return Interpret(content, file, () => PnmReader.CanRead(content)
            ? new PnmReader(content).Read(file, maxPixels)
            : ImageSharpCodec.Decode(content, file, maxPixels));
    }

    /// <summary>As <see cref="Decode"/>, but with samples of 16 bits; those of 8 are widened.</summary>
    /// <exception cref="BadInputException">As for <see cref="Decode"/>.</exception>
    internal static DeepImage DecodeDeep(byte[] content, string file, long maxPixels) =>
        Interpret(content, file, () => PnmReader.CanRead(content)
            ? new PnmReader(content).ReadDeep(file, maxPixels)
            : ImageSharpCodec.DecodeDeep(content, file, maxPixels));

    /// <summary>Writes by way of a temporary name, so a half-written picture never stands under <paramref name="path"/>.</summary>
    /// <exception cref="BadInputException">The extension names no known format.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void Write(string path, Image image)
    {
        RequireExtension(path);
        AtomicFile.Write(path, stream => ImageSharpCodec.Encode(stream, image, Extension(path)));
    }

    /// <summary>The content of a file with the image.</summary>
    /// <exception cref="BadInputException">The extension names no known format.</exception>
    public static byte[] Encode(Image image, string extension = ".png")
    {
        RequireExtension(extension);
        var content = new MemoryStream();
        ImageSharpCodec.Encode(content, image, Extension(extension));
        return content.ToArray();
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
    /// rate is 1 to 1000, of which GIF shows at most 100. The token is looked at between two frames, and not any more once those of a GIF
    /// are being compressed.
    /// </summary>
    /// <exception cref="ArgumentException">No frames, frames that differ in size, or a rate out of range.</exception>
    /// <exception cref="BadInputException">The extension is not that of a PNG or a GIF.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop; no file is written.</exception>
    public static void WriteAnimation(
        string path, IReadOnlyList<Image> frames, int framesPerSecond, CancellationToken cancellation = default)
    {
        Action<Stream, CancellationToken> write = Animation(path, frames, framesPerSecond);
        AtomicFile.Write(path, stream => write(stream, cancellation));
    }

    /// <summary>The content of a file with the animation, as <see cref="WriteAnimation"/> writes it.</summary>
    /// <exception cref="ArgumentException">No frames, frames that differ in size, or a rate out of range.</exception>
    /// <exception cref="BadInputException">The extension is not that of a PNG or a GIF.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static byte[] EncodeAnimation(
        IReadOnlyList<Image> frames, int framesPerSecond, string extension = ".gif", CancellationToken cancellation = default)
    {
        var content = new MemoryStream();
        Animation(extension, frames, framesPerSecond)(content, cancellation);
        return content.ToArray();
    }

    private static Action<Stream, CancellationToken> Animation(string path, IReadOnlyList<Image> frames, int framesPerSecond)
    {
        if (Extension(path) is not (".png" or ".apng" or ".gif"))
            throw new BadInputException($"{path}: an animation can be written as PNG or GIF only. Use .png, .apng or .gif.");
        ArgumentOutOfRangeException.ThrowIfZero(frames.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(framesPerSecond, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(framesPerSecond, 1000);
        Image first = frames[0];
        if (frames.Any(frame => (frame.Width, frame.Height, frame.Channels) != (first.Width, first.Height, first.Channels)))
            throw new ArgumentException("The frames of an animation must have the same size and channels.", nameof(frames));
        Action<Stream, IReadOnlyList<Image>, int, CancellationToken> write =
            Extension(path) == ".gif" ? ImageSharpCodec.EncodeGif : AnimatedPng.Write;
        return (stream, cancellation) => write(stream, frames, framesPerSecond, cancellation);
    }

    /// <summary>Pixels that are not compressed have up to four bytes.</summary>
    internal static long MaxBytes(long maxPixels) => Math.Min(4 * maxPixels + MaxOtherBytes, Array.MaxLength);

    private static T Interpret<T>(byte[] content, string file, Func<T?> interpret)
        where T : class
    {
        if (content.Length == 0)
            throw new BadInputException($"{file} is empty. Remove or replace the file.");
        T? found;
        try
        {
            found = interpret();
        }
        catch (Exception error) when (error is not BadInputException)
        {
            throw new BadInputException($"{file} is not a valid image: {error.Message.TrimEnd('.')}. Replace or remove the file.", error);
        }
        return found ?? throw new BadInputException($"{file} is not an image of a known format ({Formats}). Convert or remove the file.");
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
