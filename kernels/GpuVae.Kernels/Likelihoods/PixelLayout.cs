// Where a decoder's output has the parameters of a pixel, so that one set of likelihood kernels serves every kind of decoder. Images are
// always planar, [channel][height · width]; pixel a of channel c lies at c·area + a.

namespace GpuVae.Kernels.Likelihoods;

/// <summary>
/// The order of a decoder's columns: parameter p of the pixel at place a (row by row) of channel c is column
/// c·<see cref="ChannelStride"/> + a·<see cref="AreaStride"/> + p·<see cref="ParameterStride"/>.
/// </summary>
public readonly struct PixelLayout
{
    private PixelLayout(int area, int channels, int areaStride, int channelStride, int parameterStride) =>
        (Area, Channels, AreaStride, ChannelStride, ParameterStride) = (area, channels, areaStride, channelStride, parameterStride);

    /// <summary>Height times width.</summary>
    public int Area { get; }

    /// <summary>Of the image.</summary>
    public int Channels { get; }

    /// <summary>Columns from a pixel to the next of its channel.</summary>
    public int AreaStride { get; }

    /// <summary>Columns from a channel to the next.</summary>
    public int ChannelStride { get; }

    /// <summary>Columns from a pixel's parameter to the next.</summary>
    public int ParameterStride { get; }

    /// <summary>Numbers of an image: area times channels.</summary>
    public int Pixels => Area * Channels;

    /// <summary>The column of the first parameter of a pixel of the planar image.</summary>
    public int FirstColumnOf(int pixel) => pixel / Area * ChannelStride + pixel % Area * AreaStride;

    /// <summary>[parameter][channel][area], of fully connected decoders: each parameter as an image of its own.</summary>
    /// <param name="pixels">Area times channels.</param>
    public static PixelLayout Planar(int pixels) => new(pixels, 1, 1, 0, pixels);

    /// <summary>[area][parameter][channel], of convolutional decoders.</summary>
    /// <param name="area">Height times width.</param>
    /// <param name="channels">Channels of the image.</param>
    /// <param name="parameters">Parameters per pixel and channel.</param>
    public static PixelLayout ChannelsLast(int area, int channels, int parameters) =>
        new(area, channels, channels * parameters, 1, channels);
}
