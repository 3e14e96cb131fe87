// Structural similarity of two images (Wang, Bovik, Sheikh & Simoncelli 2004, "Image Quality Assessment: From Error Visibility to
// Structural Similarity", doi:10.1109/TIP.2003.819861, eq. 13 and sec. III-C), for values in [0, 1]:
//
//   SSIM = (2·mx·my + C1)·(2·cxy + C2) / ((mx² + my² + C1)·(vx + vy + C2))     C1 = 0.01², C2 = 0.03²
//
// with means, variances and covariance under a Gaussian window of 11 × 11 with σ = 1.5 that sums to 1, averaged over all places where the
// window lies inside the image, and over the channels. In an image with a side below 11 the window is cut to that side, and sums to 1
// again.
//
// The squared error of the two is taken on the way.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Evaluation;

/// <summary>Likeness of pairs of images. One group works on one pair.</summary>
public sealed class Ssim(Accelerator accelerator)
{
    /// <summary>The side of the window.</summary>
    public const int Window = 11;

    /// <summary>The standard deviation of the window's weights, in pixels.</summary>
    public const float Deviation = 1.5f;

    private const float C1 = 0.01f * 0.01f, C2 = 0.03f * 0.03f;

    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, int, int, int> compare =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, int, int, int>(CompareKernel);

    /// <summary>Compares pair by pair; as many as <paramref name="similarity"/> has elements.</summary>
    /// <param name="x">[images × channels·height·width], planar.</param>
    /// <param name="y">As <paramref name="x"/>.</param>
    /// <param name="similarity">[images], written: SSIM, at most 1.</param>
    /// <param name="squaredError">[images], written: Σ (x − y)².</param>
    /// <param name="channels">Planes of an image.</param>
    /// <param name="height">Rows of a plane.</param>
    /// <param name="width">Columns of a plane.</param>
    public void Compare(
        AcceleratorStream stream, FloatView x, FloatView y, FloatView similarity, FloatView squaredError, int channels, int height,
        int width) =>
        compare(stream, (similarity.IntExtent, groupSize), x, y, similarity, squaredError, channels, height, width);

    private static void CompareKernel(
        FloatView x, FloatView y, FloatView similarity, FloatView squaredError, int channels, int height, int width)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        FloatView weightsX = SharedMemory.Allocate<float>(Window), weightsY = SharedMemory.Allocate<float>(Window);
        int pixels = channels * height * width, image = Grid.IdxX * pixels;
        int windowX = XMath.Min(Window, width), windowY = XMath.Min(Window, height);
        int placesX = width - windowX + 1, placesY = height - windowY + 1;
        for (int i = Group.IdxX; i < Window; i += Group.DimX)
        {
            weightsX[i] = Weight(i, windowX);
            weightsY[i] = Weight(i, windowY);
        }
        Group.Barrier();
        float sum = 0f;
        for (int plane = 0; plane < channels; plane++)
        {
            for (int top = 0; top < placesY; top++)
            {
                int corner = image + (plane * height + top) * width;
                for (int left = Group.IdxX; left < placesX; left += Group.DimX)
                    sum += Place(x, y, corner + left, width, weightsX, windowX, weightsY, windowY);
            }
        }
        float error = 0f;
        for (int p = image + Group.IdxX; p < image + pixels; p += Group.DimX)
            error += (x[p] - y[p]) * (x[p] - y[p]);
        float total = GroupShapes.Sum(sum, scratch);
        float totalError = GroupShapes.Sum(error, scratch);
        if (Group.IdxX == 0)
        {
            similarity[Grid.IdxX] = total / (channels * placesX * placesY);
            squaredError[Grid.IdxX] = totalError;
        }
    }

    /// <summary>SSIM of one place of the window; <paramref name="corner"/> is its upper left pixel.</summary>
    private static float Place(
        FloatView x, FloatView y, int corner, int width, FloatView weightsX, int windowX, FloatView weightsY, int windowY)
    {
        // Moments about the first pixels: squares of the differences keep the digits that squares of bright pixels would lose.
        float originX = x[corner], originY = y[corner];
        float mx = 0f, my = 0f, xx = 0f, yy = 0f, xy = 0f;
        for (int row = 0; row < windowY; row++)
        {
            for (int column = 0; column < windowX; column++)
            {
                float weight = weightsY[row] * weightsX[column];
                int at = corner + row * width + column;
                float a = x[at] - originX, b = y[at] - originY;
                mx += weight * a;
                my += weight * b;
                xx += weight * a * a;
                yy += weight * b * b;
                xy += weight * a * b;
            }
        }
        float varianceX = xx - mx * mx, varianceY = yy - my * my, covariance = xy - mx * my;
        mx += originX;
        my += originY;
        return (2f * mx * my + C1) * (2f * covariance + C2) / ((mx * mx + my * my + C1) * (varianceX + varianceY + C2));
    }

    /// <summary>One weight of a window's side; those of the side add up to 1.</summary>
    private static float Weight(int index, int window)
    {
        float sum = 0f;
        for (int i = 0; i < window; i++)
            sum += Bell(i, window);
        return Bell(index, window) / sum;
    }

    private static float Bell(int index, int window)
    {
        float distance = index - 0.5f * (window - 1);
        return XMath.Exp(-distance * distance / (2f * Deviation * Deviation));
    }
}
