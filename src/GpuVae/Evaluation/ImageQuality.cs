using GpuVae.Devices;
using GpuVae.Models;

namespace GpuVae.Evaluation;

/// <summary>
/// How like images are to others, values in [0, 1], averaged over the pairs: mean squared error over the pixels; peak signal-to-noise ratio
/// 10·log10(1/MSE) in dB, of each pair; SSIM (Wang et al., "Image Quality Assessment", 2004) with a Gaussian window of 11×11, σ = 1.5, K1 =
/// 0.01, K2 = 0.03, over all places inside the image and all channels.
/// </summary>
/// <param name="Mse">Mean squared error of a pixel.</param>
/// <param name="Psnr">In dB; pairs without any difference count as <see cref="MaxPsnr"/>.</param>
/// <param name="Ssim">At most 1.</param>
public readonly record struct ImageQuality(double Mse, double Psnr, double Ssim)
{
    /// <summary>Of a pair whose error is below float32's resolution, in dB.</summary>
    public const double MaxPsnr = 140;

    // So many pairs are on the device at a time.
    private const int LargestPart = 512;

    /// <summary>Compares images with others on a device.</summary>
    /// <param name="device">Where to compute.</param>
    /// <param name="images">[n, pixels].</param>
    /// <param name="others">[n, pixels].</param>
    /// <param name="shape">Of each image.</param>
    /// <param name="cancellation">Asks to stop before the next 512 images.</param>
    /// <exception cref="ArgumentException">
    /// The spans do not hold the same whole number of images, or none, or a value is not finite.
    /// </exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static ImageQuality Compare(
        ComputeDevice device, ReadOnlySpan<float> images, ReadOnlySpan<float> others, ImageShape shape,
        CancellationToken cancellation = default)
    {
        if (images.Length == 0 || images.Length != others.Length || images.Length % shape.Pixels != 0)
            throw new ArgumentException($"{images.Length} and {others.Length} values are not the same number of images of {shape}.");
        // A reconstruction may lie outside [0, 1].
        InputCheck.RequireFinite(images);
        InputCheck.RequireFinite(others);
        using DeviceGate.Scope scope = device.Enter("ImageQuality.Compare");
        int part = Math.Min(images.Length, LargestPart * shape.Pixels);
        using MemoryBuffer1D<float, Stride1D.Dense> x = device.Accelerator.Allocate1D<float>(part);
        using MemoryBuffer1D<float, Stride1D.Dense> y = device.Accelerator.Allocate1D<float>(part);
        using var sum = new ImageQualitySum(device, shape, images.Length / shape.Pixels);
        for (int at = 0; at < images.Length; at += part)
        {
            cancellation.ThrowIfCancellationRequested();
            int length = Math.Min(part, images.Length - at);
            x.View.BaseView.SubView(0, length).CopyFromCPU(device.Stream, images.Slice(at, length));
            y.View.BaseView.SubView(0, length).CopyFromCPU(device.Stream, others.Slice(at, length));
            sum.Add(x.View, y.View, length / shape.Pixels);
        }
        return sum.Mean();
    }
}

/// <summary>Adds up the figures of portions of images on the device.</summary>
internal sealed class ImageQualitySum : IDisposable
{
    private readonly ComputeDevice device;
    private readonly ImageShape shape;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> similarity, squaredError;
    private int count;

    public ImageQualitySum(ComputeDevice device, ImageShape shape, int capacity)
    {
        (this.device, this.shape) = (device, shape);
        try
        {
            similarity = device.Accelerator.Allocate1D<float>(capacity);
            squaredError = device.Accelerator.Allocate1D<float>(capacity);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Add(ArrayView<float> x, ArrayView<float> y, int images)
    {
        device.Kernels.Ssim.Compare(
            device.Stream, x, y, similarity.View.BaseView.SubView(count, images), squaredError.View.BaseView.SubView(count, images),
            shape.Channels, shape.Height, shape.Width);
        count += images;
    }

    /// <summary>Waits for the device.</summary>
    public ImageQuality Mean()
    {
        double mse = 0, psnr = 0, ssim = 0;
        foreach (float error in squaredError.View.BaseView.SubView(0, count).GetAsArray(device.Stream))
        {
            double ofImage = error / (double)shape.Pixels;
            mse += ofImage / count;
            psnr += Math.Min(-10 * Math.Log10(ofImage), ImageQuality.MaxPsnr) / count;
        }
        foreach (float value in similarity.View.BaseView.SubView(0, count).GetAsArray(device.Stream))
            ssim += value / (double)count;
        return new ImageQuality(mse, psnr, ssim);
    }

    public void Dispose()
    {
        device.Drain();
        similarity?.Dispose();
        squaredError?.Dispose();
    }
}
