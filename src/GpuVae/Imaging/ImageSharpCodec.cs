#if IMAGESHARP
using GpuVae.Options;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.PixelFormats;
using Sharp = SixLabors.ImageSharp.Image;

namespace GpuVae.Imaging;

/// <summary>What else SixLabors.ImageSharp knows (GIF, BMP, TIFF, WebP, …), in builds with <c>-p:ImageCodec=imagesharp</c>.</summary>
internal sealed class ImageSharpCodec : IImageCodec
{
    public string Name => "ImageSharp's formats";

    public IReadOnlyList<string> Extensions { get; } =
        [.. Configuration.Default.ImageFormats.SelectMany(format => format.FileExtensions).Select(name => "." + name.ToLowerInvariant())];

    /// <summary>Asked last, so that whatever no other codec takes is tried here.</summary>
    public bool CanRead(ReadOnlySpan<byte> header) => true;

    public Image Read(byte[] content, string file)
    {
        try
        {
            ImageInfo info = Sharp.Identify(content);
            Image.CheckDeclaredSize(info.Width, info.Height, file);
            using Image<Rgba32> decoded = Sharp.Load<Rgba32>(content);
            var image = new Image(decoded.Width, decoded.Height, 4);
            decoded.CopyPixelDataTo(image.Pixels);
            return image;
        }
        catch (ImageFormatException error)
        {
            throw new BadInputException($"{file} is not a valid image: {error.Message} Replace or remove the file.", error);
        }
    }

    public void Write(Stream stream, Image image, string extension)
    {
        if (!Configuration.Default.ImageFormatsManager.TryFindFormatByFileExtension(extension.TrimStart('.'), out IImageFormat? format))
            throw new BadInputException($"ImageSharp does not write {extension} files. Use .png.");
        using Image<Rgb24> encoded = Sharp.LoadPixelData<Rgb24>(image.WithChannels(3).Pixels, image.Width, image.Height);
        encoded.Save(stream, format);
    }
}
#endif
