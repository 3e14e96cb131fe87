using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Pbm;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Formats.Tiff.Constants;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.Metadata.Profiles.Exif;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using SixLabors.ImageSharp.Processing.Processors.Quantization;
using Sharp = SixLabors.ImageSharp.Image;

namespace GpuVae.Imaging;

/// <summary>The door to SixLabors.ImageSharp: what is beyond it knows <see cref="Image"/> only.</summary>
internal static class ImageSharpCodec
{
    private const int PoolMegabytes = 64;

    /// <summary>Pixels from which on what a picture was decoded in is not kept for the next one.</summary>
    public const int LargePicture = 1 << 22;

    private static readonly Configuration Configuration = MakeConfiguration(DataOptions.DefaultMaxPixels);

    /// <summary>The first frame, upright, or null where the content is of no registered format.</summary>
    /// <exception cref="BadInputException">More pixels are declared than accepted, or none.</exception>
    /// <exception cref="Exception">Damaged content makes ImageSharp throw in many ways.</exception>
    public static Image? Decode(byte[] content, string file, long maxPixels) =>
        Decode<Rgba32, byte>(content, file, maxPixels) is var (width, height, channels, pixels)
            ? new Image(width, height, channels, pixels)
            : null;

    /// <summary>The same with samples of 16 bits.</summary>
    /// <exception cref="BadInputException">As for <see cref="Decode(byte[], string, long)"/>.</exception>
    /// <exception cref="Exception">As for <see cref="Decode(byte[], string, long)"/>.</exception>
    public static DeepImage? DecodeDeep(byte[] content, string file, long maxPixels) =>
        Decode<Rgba64, ushort>(content, file, maxPixels) is var (width, height, channels, pixels)
            ? new DeepImage(width, height, channels, pixels)
            : null;

    private static (int Width, int Height, int Channels, TSample[] Pixels)? Decode<TPixel, TSample>(
        byte[] content, string file, long maxPixels)
        where TPixel : unmanaged, IPixel<TPixel>
        where TSample : unmanaged, IMinMaxValue<TSample>, IEquatable<TSample>
    {
        Configuration configuration = maxPixels == DataOptions.DefaultMaxPixels ? Configuration : MakeConfiguration(maxPixels);
        if (Sharp.DetectFormat(configuration, content) is not { } format)
            return null;
        if (format is PngFormat)
            content = Png.Prepare(content, file, maxPixels);
        IImageInfo info = Sharp.Identify(configuration, content, out _) ?? throw new InvalidDataException("its header is damaged");
        Image.CheckDeclaredSize(info.Width, info.Height, file, maxPixels);
        Completeness.Check(content, format.Name);
        try
        {
            using var decoded = Sharp.Load<TPixel>(configuration, content);
            RequireStrips(decoded.Frames.RootFrame.Metadata.ExifProfile, content.Length);
            decoded.Mutate(picture => picture.AutoOrient());
            return FromRgba<TPixel, TSample>(decoded, IsGrey(decoded));
        }
        finally
        {
            if ((long)info.Width * info.Height > LargePicture)
                configuration.MemoryAllocator.ReleaseRetainedResources();
        }
    }

    /// <summary>What the header declares, or null where the content is of no registered format.</summary>
    /// <exception cref="Exception">Damaged content makes ImageSharp throw in many ways.</exception>
    public static ImageFacts? Identify(byte[] content, string file, long maxPixels)
    {
        // ImageSharp refuses a side of 0 without saying so.
        if (Sharp.DetectFormat(Configuration, content) is PngFormat && content.Length >= 24)
            Image.CheckDeclaredSize(
                BinaryPrimitives.ReadUInt32BigEndian(content.AsSpan(16)), BinaryPrimitives.ReadUInt32BigEndian(content.AsSpan(20)), file,
                maxPixels);
        IImageInfo? info = Sharp.Identify(Configuration, content, out IImageFormat? format);
        if (format is null)
            return null;
        if (info is null)
            throw new InvalidDataException("its header is damaged");
        ImageMetadata metadata = info.Metadata;
        // Of a TIFF only decoding tells, but two or more bytes a sample show in the bits of a pixel: one, three or four samples.
        bool mayBeGrey = format is TiffFormat || IsGrey(metadata);
        bool isDeep = format is PngFormat
            ? metadata.GetPngMetadata().BitDepth == PngBitDepth.Bit16
            : format is TiffFormat && info.PixelType.BitsPerPixel is 16 or 48 or 64;
        return new ImageFacts(info.Width, info.Height, !mayBeGrey, isDeep);
    }

    /// <summary>Writes <paramref name="image"/> as <paramref name="extension"/> tells; alpha only where the format has room.</summary>
    public static void Encode(Stream stream, Image image, string extension)
    {
        bool grey = image.Channels == 1;
        bool hasAlpha = image.Channels == 4 && extension is ".png" or ".apng" or ".webp";
        IImageEncoder encoder = extension switch
        {
            ".png" or ".apng" => new PngEncoder
            {
                BitDepth = PngBitDepth.Bit8,
                ColorType = grey ? PngColorType.Grayscale : hasAlpha ? PngColorType.RgbWithAlpha : PngColorType.Rgb,
                FilterMethod = PngFilterMethod.Adaptive,
            },
            ".jpg" or ".jpeg" => new JpegEncoder
            {
                Quality = 92,
                ColorType = grey ? JpegColorType.Luminance : JpegColorType.YCbCrRatio444,
            },
            ".webp" => new WebpEncoder
            {
                FileFormat = WebpFileFormatType.Lossless,
                TransparentColorMode = WebpTransparentColorMode.Preserve,
            },
            ".gif" => Gif(grey),
            ".bmp" => new BmpEncoder { BitsPerPixel = BmpBitsPerPixel.Pixel24 },
            ".tif" or ".tiff" => new TiffEncoder { Compression = TiffCompression.Deflate },
            _ => new PbmEncoder
            {
                ColorType = extension == ".ppm" || (extension == ".pnm" && !grey) ? PbmColorType.Rgb : PbmColorType.Grayscale,
                ComponentType = PbmComponentType.Byte,
                Encoding = PbmEncoding.Binary,
            },
        };
        // Luma is computed in one place, so that a picture is the same shade of grey in every format.
        bool becomesGrey = encoder is PbmEncoder { ColorType: PbmColorType.Grayscale };
        using Sharp encoded = ToSharp(hasAlpha ? image : image.WithChannels(grey || becomesGrey ? 1 : 3));
        encoded.Save(stream, encoder);
    }

    /// <summary>Writes an animated GIF that plays for ever. GIF counts time in hundredths of a second.</summary>
    public static void EncodeGif(Stream stream, IReadOnlyList<Image> frames, int framesPerSecond, CancellationToken cancellation)
    {
        using Image<Rgb24> animation = Frame(frames[0]);
        foreach (Image frame in frames.Skip(1))
        {
            using Image<Rgb24> next = Frame(frame);
            animation.Frames.AddFrame(next.Frames.RootFrame);
        }
        animation.Metadata.GetGifMetadata().RepeatCount = 0;
        foreach (ImageFrame<Rgb24> frame in animation.Frames)
            frame.Metadata.GetGifMetadata().FrameDelay = Math.Max(1, (int)Math.Round(100.0 / framesPerSecond));
        animation.Save(stream, Gif(frames[0].Channels == 1));

        Image<Rgb24> Frame(Image image)
        {
            cancellation.ThrowIfCancellationRequested();
            return Sharp.LoadPixelData<Rgb24>(image.WithChannels(3).Pixels, image.Width, image.Height);
        }
    }

    /// <summary>What ImageSharp makes of an image; the channels stay.</summary>
    public static Image Process(Image image, Action<IImageProcessingContext> operation)
    {
        using Sharp sharp = ToSharp(image);
        sharp.Mutate(Configuration, operation);
        var result = new Image(sharp.Width, sharp.Height, image.Channels);
        CopyPixels(sharp, result.Pixels);
        return result;
    }

    /// <inheritdoc cref="Process(Image, Action{IImageProcessingContext})"/>
    public static DeepImage Process(DeepImage image, Action<IImageProcessingContext> operation)
    {
        ReadOnlySpan<byte> samples = MemoryMarshal.AsBytes(image.Pixels.AsSpan());
        using Sharp sharp = image.Channels == 1
            ? Sharp.LoadPixelData<L16>(samples, image.Width, image.Height)
            : Sharp.LoadPixelData<Rgb48>(samples, image.Width, image.Height);
        sharp.Mutate(Configuration, operation);
        ushort[] pixels = new ushort[sharp.Width * sharp.Height * image.Channels];
        CopyPixels(sharp, MemoryMarshal.AsBytes(pixels.AsSpan()));
        return new DeepImage(sharp.Width, sharp.Height, image.Channels, pixels);
    }

    private static void CopyPixels(Sharp sharp, Span<byte> pixels)
    {
        switch (sharp)
        {
            case Image<L8> grey:
                grey.CopyPixelDataTo(pixels);
                break;
            case Image<Rgb24> rgb:
                rgb.CopyPixelDataTo(pixels);
                break;
            case Image<Rgba32> rgba:
                rgba.CopyPixelDataTo(pixels);
                break;
            case Image<L16> grey:
                grey.CopyPixelDataTo(pixels);
                break;
            case Image<Rgb48> rgb:
                rgb.CopyPixelDataTo(pixels);
                break;
        }
    }

    private static Sharp ToSharp(Image image) => image.Channels switch
    {
        1 => Sharp.LoadPixelData<L8>(image.Pixels, image.Width, image.Height),
        3 => Sharp.LoadPixelData<Rgb24>(image.Pixels, image.Width, image.Height),
        _ => Sharp.LoadPixelData<Rgba32>(image.Pixels, image.Width, image.Height),
    };

    /// <summary>A TIFF lists where its strips are.</summary>
    private static void RequireStrips(ExifProfile? tags, int length)
    {
        Number[] offsets = tags?.GetValue(ExifTag.StripOffsets)?.Value ?? [];
        Number[] lengths = tags?.GetValue(ExifTag.StripByteCounts)?.Value ?? [];
        if (offsets.Zip(lengths).Any(strip => (long)(uint)strip.First + (uint)strip.Second > length))
            throw new InvalidDataException("it is truncated");
    }

    /// <summary>Whether the file holds shades of grey. RGB without a colour in it counts as RGB.</summary>
    private static bool IsGrey(Sharp image)
    {
        return IsGrey(image.Metadata)
            || image.Frames.RootFrame.Metadata.GetTiffMetadata().PhotometricInterpretation
                is TiffPhotometricInterpretation.BlackIsZero or TiffPhotometricInterpretation.WhiteIsZero;
    }

    private static bool IsGrey(ImageMetadata metadata) =>
        metadata.GetPngMetadata().ColorType is PngColorType.Grayscale or PngColorType.GrayscaleWithAlpha
        || metadata.GetJpegMetadata().ColorType == JpegColorType.Luminance;

    /// <summary>With alpha where a pixel is not opaque; else one channel if the file is grey, or three.</summary>
    private static (int Width, int Height, int Channels, TSample[] Pixels) FromRgba<TPixel, TSample>(Image<TPixel> decoded, bool grey)
        where TPixel : unmanaged, IPixel<TPixel>
        where TSample : unmanaged, IMinMaxValue<TSample>, IEquatable<TSample>
    {
        bool isOpaque = true;
        ForEachRow((_, row) =>
        {
            for (int i = 3; i < row.Length; i += 4)
                isOpaque &= row[i].Equals(TSample.MaxValue);
        });
        int channels = !isOpaque ? 4 : grey ? 1 : 3, stride = decoded.Width * channels;
        var pixels = new TSample[decoded.Height * stride];
        ForEachRow((y, row) =>
        {
            Span<TSample> target = pixels.AsSpan(y * stride, stride);
            if (channels == 4)
                row.CopyTo(target);
            else
                for (int i = 0; i < target.Length; i++)
                    target[i] = row[i / channels * 4 + i % channels];
        });
        return (decoded.Width, decoded.Height, channels, pixels);

        void ForEachRow(RowAction<TSample> action) => decoded.ProcessPixelRows(rows =>
        {
            for (int y = 0; y < rows.Height; y++)
                action(y, MemoryMarshal.Cast<TPixel, TSample>(rows.GetRowSpan(y)));
        });
    }

    private delegate void RowAction<TSample>(int y, Span<TSample> row);

    /// <summary>Colours become the 256 that suit the frame and dots of them, shades of grey stay what they are.</summary>
    private static GifEncoder Gif(bool grey) => new()
    {
        ColorTableMode = GifColorTableMode.Local,
        Quantizer = new OctreeQuantizer(new QuantizerOptions { Dither = grey ? null : QuantizerConstants.DefaultDither }),
    };

    private static Configuration MakeConfiguration(long maxPixels)
    {
        // Of one allocation while decoding: eight bytes for each of the most pixels that are accepted.
        const int bytesPerPixel = 8, mebibyte = 1 << 20;
        var configuration = new Configuration(
            new PngConfigurationModule(), new JpegConfigurationModule(), new WebpConfigurationModule(), new GifConfigurationModule(),
            new BmpConfigurationModule(), new TiffConfigurationModule())
        {
            MemoryAllocator = MemoryAllocator.Create(new MemoryAllocatorOptions
            {
                AllocationLimitMegabytes = Math.Max(1, (int)(maxPixels * bytesPerPixel / mebibyte)),
                MaximumPoolSizeMegabytes = PoolMegabytes,
            }),
        };
        // Of many frames the first; texts, which may be packed bombs, and profiles are left alone where none of them turns the picture.
        ImageFormatManager formats = configuration.ImageFormatsManager;
        formats.SetDecoder(PngFormat.Instance, new PngDecoder { IgnoreMetadata = true });
        formats.SetDecoder(GifFormat.Instance, new GifDecoder { IgnoreMetadata = true, DecodingMode = FrameDecodingMode.First });
        formats.SetDecoder(TiffFormat.Instance, new TiffDecoder { DecodingMode = FrameDecodingMode.First });
        return configuration;
    }
}
