// Planar images as a trained network takes them: channels innermost, each made from one of the image's and brought to the mean and scale
// that it knows. A grey image becomes three equal channels, an RGB image BGR, by what sources say.
//
//   y[b, p, c]   = scale[c]·x[b, source[c], p] + shift[c]
//   dx[b, i, p]  = Σ scale[c]·dy[b, p, c]     over the channels c with source[c] = i

using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Images in the colours and the scale of a network, forward and backward.</summary>
public sealed class ImageStandardization(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, ArrayView<int>, FloatView, int> forward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, ArrayView<int>, FloatView, int>(ForwardKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, ArrayView<int>, FloatView, int, int> backward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, ArrayView<int>, FloatView, int, int>(BackwardKernel);

    /// <summary>Images to what the network takes.</summary>
    /// <param name="x">[batch, image's channels, area], planar.</param>
    /// <param name="y">[batch, area, channels], written.</param>
    /// <param name="sources">[channels].</param>
    /// <param name="factors">[2 × channels]: scales, then shifts.</param>
    /// <param name="area">Pixels of a plane.</param>
    public void Forward(AcceleratorStream stream, FloatView x, FloatView y, ArrayView<int> sources, FloatView factors, int area) =>
        forward(stream, y.IntExtent, x, y, sources, factors, area);

    /// <summary>The way back.</summary>
    /// <param name="dy">[batch, area, channels].</param>
    /// <param name="dx">[batch, image's channels, area], written.</param>
    /// <param name="sources">[channels].</param>
    /// <param name="factors">[2 × channels]: scales, then shifts.</param>
    /// <param name="area">Pixels of a plane.</param>
    public void Backward(AcceleratorStream stream, FloatView dy, FloatView dx, ArrayView<int> sources, FloatView factors, int area)
    {
        int batch = dy.IntLength / (area * sources.IntLength);
        backward(stream, dx.IntExtent, dy, dx, sources, factors, area, dx.IntLength / (area * batch));
    }

    private static void ForwardKernel(Index1D i, FloatView x, FloatView y, ArrayView<int> sources, FloatView factors, int area)
    {
        int channels = sources.IntLength, channel = i.X % channels, pixel = i.X / channels;
        // y has as many pixels as a plane of all images of x together.
        int planes = x.IntLength / (y.IntLength / channels);
        int image = pixel / area;
        y[i] = factors[channel] * x[(image * planes + sources[channel]) * area + pixel - image * area] + factors[channels + channel];
    }

    private static void BackwardKernel(
        Index1D i, FloatView dy, FloatView dx, ArrayView<int> sources, FloatView factors, int area, int planes)
    {
        int channels = sources.IntLength, plane = i.X / area, image = plane / planes, source = plane - image * planes;
        int from = (image * area + i.X - plane * area) * channels;
        float sum = 0f;
        for (int channel = 0; channel < channels; channel++)
            sum += sources[channel] == source ? factors[channel] * dy[from + channel] : 0f;
        dx[i] = sum;
    }
}
