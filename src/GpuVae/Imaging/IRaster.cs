namespace GpuVae.Imaging;

/// <summary>A decoded picture of 8 or of 16 bits on its way into a set.</summary>
internal interface IRaster
{
    int Width { get; }

    int Height { get; }

    int Channels { get; }

    /// <summary>As <see cref="Image.WithChannels"/>.</summary>
    IRaster WithChannels(int channels);

    /// <summary>As <see cref="Resize.Fit(Image, int, int)"/>.</summary>
    IRaster Fit(int width, int height);

    /// <summary>Into [Channels, Height, Width], the samples in the byte order of the machine.</summary>
    void CopyToPlanar(Span<byte> destination);
}
