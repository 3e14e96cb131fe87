using System.Runtime.InteropServices;
using GpuVae.Options;

namespace GpuVae.Imaging;

/// <summary>
/// JPEG by way of the system's libturbojpeg (the TurboJPEG 2 API, which version 3 still has). Where the library is missing, JPEG
/// files are recognised and refused with a message that names the package to install.
/// </summary>
public sealed unsafe class TurboJpegCodec : IImageCodec
{
    private const int Quality = 92;

    // enum TJPF, TJCS and TJSAMP of turbojpeg.h.
    private const int FormatRgb = 0, FormatGrey = 6, FormatCmyk = 11;
    private const int ColourGrey = 2, ColourCmyk = 3, ColourYcck = 4;
    private const int Sampling444 = 0, SamplingGrey = 3;

    private static readonly Lazy<Library?> Loaded = new(Library.TryLoad);

    public string Name => Loaded.Value is null ? "JPEG (needs libturbojpeg)" : "JPEG";
    public IReadOnlyList<string> Extensions { get; } = [".jpg", ".jpeg"];

    public bool CanRead(ReadOnlySpan<byte> header) => header.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]);

    public Image Read(byte[] content, string file)
    {
        Library library = Require(file);
        nint handle = library.InitDecompress();
        try
        {
            fixed (byte* source = content)
            {
                int width, height, sampling, colour;
                var length = new CULong((nuint)content.Length);
                if (library.DecompressHeader(handle, source, length, &width, &height, &sampling, &colour) != 0)
                    throw Bad(file, library.LastError(handle));
                Image.CheckDeclaredSize(width, height, file);

                bool cmyk = colour is ColourCmyk or ColourYcck;
                int channels = colour == ColourGrey ? 1 : cmyk ? 4 : 3;
                int format = colour == ColourGrey ? FormatGrey : cmyk ? FormatCmyk : FormatRgb;
                var image = new Image(width, height, channels);
                fixed (byte* target = image.Pixels)
                    if (library.Decompress(handle, source, length, target, width, 0, height, format, 0) != 0)
                    {
                        // Stray bytes between markers are common in camera files and harm nothing; all else means missing pixels.
                        string message = library.LastError(handle);
                        if (!message.Contains("extraneous bytes", StringComparison.Ordinal))
                            throw Bad(file, message);
                    }
                return cmyk ? FromInvertedCmyk(image) : image;
            }
        }
        finally
        {
            library.Destroy(handle);
        }
    }

    public void Write(Stream stream, Image image, string extension)
    {
        Library library = Require("Writing " + extension);
        Image opaque = image.WithChannels(image.Channels == 1 ? 1 : 3);
        nint handle = library.InitCompress();
        byte* buffer = null;
        try
        {
            CULong size = default;
            bool grey = opaque.Channels == 1;
            fixed (byte* pixels = opaque.Pixels)
                if (library.Compress(handle, pixels, image.Width, 0, image.Height, grey ? FormatGrey : FormatRgb, &buffer, &size,
                        grey ? SamplingGrey : Sampling444, Quality, 0) != 0)
                    throw new InvalidOperationException("JPEG encoding failed: " + library.LastError(handle));
            stream.Write(new ReadOnlySpan<byte>(buffer, checked((int)size.Value)));
        }
        finally
        {
            library.Free(buffer);
            library.Destroy(handle);
        }
    }

    /// <summary>Adobe stores the complement of each ink: 255 is none, and an ink times black is the light left over.</summary>
    private static Image FromInvertedCmyk(Image cmyk)
    {
        var rgb = new Image(cmyk.Width, cmyk.Height, 3);
        for (int i = 0; i < rgb.Pixels.Length; i++)
            rgb.Pixels[i] = (byte)((cmyk.Pixels[i / 3 * 4 + i % 3] * cmyk.Pixels[i / 3 * 4 + 3] + 127) / 255);
        return rgb;
    }

    private static Library Require(string what) => Loaded.Value ?? throw new BadInputException(
        $"{what}: JPEG needs the library libturbojpeg, which this system lacks. Install it (Debian and Ubuntu: libturbojpeg0 or " +
        "libturbojpeg; macOS: brew install jpeg-turbo) or convert the images to PNG.");

    private static BadInputException Bad(string file, string what) =>
        new($"{file} is not a valid JPEG image: {what}. Replace or remove the file.");

    private sealed class Library(nint module)
    {
        public readonly delegate* unmanaged<nint> InitDecompress =
            (delegate* unmanaged<nint>)NativeLibrary.GetExport(module, "tjInitDecompress");
        public readonly delegate* unmanaged<nint> InitCompress =
            (delegate* unmanaged<nint>)NativeLibrary.GetExport(module, "tjInitCompress");
        public readonly delegate* unmanaged<nint, int> Destroy =
            (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(module, "tjDestroy");
        public readonly delegate* unmanaged<byte*, void> Free =
            (delegate* unmanaged<byte*, void>)NativeLibrary.GetExport(module, "tjFree");

        public readonly delegate* unmanaged<nint, byte*, CULong, int*, int*, int*, int*, int> DecompressHeader =
            (delegate* unmanaged<nint, byte*, CULong, int*, int*, int*, int*, int>)NativeLibrary.GetExport(module, "tjDecompressHeader3");

        public readonly delegate* unmanaged<nint, byte*, CULong, byte*, int, int, int, int, int, int> Decompress =
            (delegate* unmanaged<nint, byte*, CULong, byte*, int, int, int, int, int, int>)NativeLibrary.GetExport(module, "tjDecompress2");

        public readonly delegate* unmanaged<nint, byte*, int, int, int, int, byte**, CULong*, int, int, int, int> Compress =
            (delegate* unmanaged<nint, byte*, int, int, int, int, byte**, CULong*, int, int, int, int>)
            NativeLibrary.GetExport(module, "tjCompress2");

        private readonly delegate* unmanaged<nint, byte*> errorText =
            (delegate* unmanaged<nint, byte*>)NativeLibrary.GetExport(module, "tjGetErrorStr2");

        public static Library? TryLoad()
        {
            string[] names =
                ["libturbojpeg.so.0", "libturbojpeg.0.dylib", "/opt/homebrew/lib/libturbojpeg.dylib", "turbojpeg", "libturbojpeg"];
            foreach (string name in names)
                if (NativeLibrary.TryLoad(name, out nint module))
                    return new Library(module);
            return null;
        }

        public string LastError(nint handle) => Marshal.PtrToStringUTF8((nint)errorText(handle)) ?? "unknown error";
    }
}
