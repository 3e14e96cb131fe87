using System.Runtime.InteropServices;

namespace GpuVae.Imaging;

/// <summary>A raster of 16 bits on its way into a set, as <see cref="Image"/> is one of 8.</summary>
/// <param name="Width">Pixels of a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Channels">1 (grey), 3 (RGB) or 4 (RGB and alpha).</param>
/// <param name="Pixels">[Height, Width, Channels].</param>
internal sealed record DeepImage(int Width, int Height, int Channels, ushort[] Pixels) : IRaster
{
    /// <summary>From [Channels, Height, Width] of the machine's byte order.</summary>
    public static DeepImage FromPlanar(ReadOnlySpan<byte> planar, ImageShape shape)
    {
        ushort[] pixels = new ushort[shape.Pixels];
        Samples.ToInterleaved(MemoryMarshal.Cast<byte, ushort>(planar), shape.Channels, pixels.AsSpan());
        return new DeepImage(shape.Width, shape.Height, shape.Channels, pixels);
    }

    public IRaster WithChannels(int channels)
    {
        if (channels == Channels)
            return this;
        ushort[] converted = new ushort[Width * Height * channels];
        Samples.Convert<ushort>(Pixels, Channels, converted, channels);
        return this with { Channels = channels, Pixels = converted };
    }

    public IRaster Fit(int width, int height) => Resize.Fit(this, width, height);

    public void CopyToPlanar(Span<byte> destination) =>
        Samples.ToPlanar<ushort>(Pixels, Channels, MemoryMarshal.Cast<byte, ushort>(destination));
}
