namespace GpuVae.Imaging;

/// <summary>
/// An 8-bit raster, rows from the top, [Height, Width, Channels] interleaved; 1 channel is grey, 3 are RGB, 4 are RGB with straight
/// (not premultiplied) alpha. Values are what the file holds, usually sRGB; nothing here converts colour spaces.
/// </summary>
public sealed class Image : IRaster
{
    /// <summary>Wraps <paramref name="pixels"/> without a copy.</summary>
    /// <exception cref="ArgumentException">The array does not have width · height · channels elements.</exception>
    public Image(int width, int height, int channels, byte[] pixels)
    {
        if (width <= 0 || height <= 0 || channels is not (1 or 3 or 4) || pixels.LongLength != (long)width * height * channels)
            throw new ArgumentException($"{pixels.Length} bytes for an image of {width}×{height}×{channels}.");
        (Width, Height, Channels, Pixels) = (width, height, channels, pixels);
    }

    /// <summary>A black image; with four channels also a transparent one.</summary>
    /// <exception cref="ArgumentException">A side is not positive, or there are other than 1, 3 or 4 channels.</exception>
    public Image(int width, int height, int channels) : this(width, height, channels, new byte[checked(width * height * channels)]) { }

    /// <summary>Pixels of a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>1 (grey), 3 (RGB) or 4 (RGB and alpha).</summary>
    public int Channels { get; }

    /// <summary>[Height, Width, Channels], not a copy.</summary>
    public byte[] Pixels { get; }

    /// <summary>
    /// The same picture with 1 or 3 channels. Alpha is composited on black, because black is what "nothing drawn" means in the sets
    /// trained on here; grey is the Rec. 601 luma 0.299 R + 0.587 G + 0.114 B.
    /// </summary>
    public Image WithChannels(int channels)
    {
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "must be 1 or 3");
        if (channels == Channels)
            return this;
        var result = new Image(Width, Height, channels);
        Samples.Convert<byte>(Pixels, Channels, result.Pixels, channels);
        return result;
    }

    /// <summary>Interleaved to planar: [Height, Width, Channels] into [Channels, Height, Width].</summary>
    public void CopyToPlanar(Span<byte> destination) => Samples.ToPlanar<byte>(Pixels, Channels, destination);

    IRaster IRaster.WithChannels(int channels) => WithChannels(channels);

    IRaster IRaster.Fit(int width, int height) => Resize.Fit(this, width, height);

    /// <summary>
    /// Planar to interleaved: <paramref name="planar"/> is [channels, height, width]. Of more than 3 channels the first three are shown as
    /// RGB, of 2 the first as grey.
    /// </summary>
    public static Image FromPlanar(ReadOnlySpan<byte> planar, int width, int height, int channels)
    {
        var image = new Image(width, height, Shown(channels));
        Samples.ToInterleaved(planar, image.Channels, image.Pixels.AsSpan());
        return image;
    }

    /// <summary>The channels of a picture of values with so many.</summary>
    internal static int Shown(int channels) => channels < 3 ? 1 : 3;

    /// <summary>Called with what a header declares, before anything is allocated for it.</summary>
    /// <exception cref="BadInputException">A side is zero or there are more than <paramref name="maxPixels"/> pixels.</exception>
    internal static void CheckDeclaredSize(long width, long height, string file, long maxPixels)
    {
        if (width <= 0 || height <= 0)
            throw new BadInputException(
                $"{file} declares a size of {width}×{height} pixels: there is no image in it. Remove or replace the file.");
        if (width > maxPixels || height > maxPixels || width * height > maxPixels)
            throw new BadInputException(
                $"{file} declares {width}×{height} pixels; at most {maxPixels} are accepted. Scale the image down, remove the file, or "
                + "raise DataOptions.MaxPixels.");
    }
}
