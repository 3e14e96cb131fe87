// Streaming log-sum-exp of importance weights (Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519, eq. 8): for the samples z_s ~ q(z|x)
// of an image, which come in portions,
//
//   log w_s = -rec_s + log p(z_s) - log q(z_s|x)         rec_s = -log p(x|z_s)
//   log p(x) ≈ ln(Σ_s w_s / k) = m + ln(sum) - ln k      m = max log w_s, sum = Σ e^(log w_s - m)
//
// Only the pair (m, sum) is kept for each image. A larger m' rescales the sum by e^(m - m') (Milakov & Gimelshein 2018, arXiv:1805.02867),
// so nothing overflows whatever the weights, and no more than a portion of them is ever in memory.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Evaluation;

/// <summary>Adds portions of importance weights to the sum of each image. One group works on one image.</summary>
public sealed class LogSumExp(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, int, int, int, int> accumulate =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, int, int, int, int>(AccumulateKernel);

    /// <summary>Takes in the first <paramref name="counted"/> samples of every image; row r is sample r mod n of image r / n.</summary>
    /// <param name="parts">[images·n × parts]: −log p(x|z), to be added up.</param>
    /// <param name="posterior">[images·n]: log q(z|x).</param>
    /// <param name="prior">[images·n]: log p(z).</param>
    /// <param name="sums">[images × 2]: m and sum.</param>
    /// <param name="samples">n.</param>
    /// <param name="counted">From 1 to n; the rest is left out.</param>
    /// <param name="isFirst">Whether <paramref name="sums"/> holds nothing yet; it is then not read.</param>
    public void Accumulate(
        AcceleratorStream stream, FloatView parts, FloatView posterior, FloatView prior, FloatView sums, int samples, int counted,
        bool isFirst) =>
        accumulate(
            stream, (sums.IntExtent / 2, groupSize), parts, posterior, prior, sums, samples, counted,
            parts.IntLength / posterior.IntLength, isFirst ? 1 : 0);

    private static void AccumulateKernel(
        FloatView parts, FloatView posterior, FloatView prior, FloatView sums, int samples, int counted, int partsPerRow, int isFirst)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int image = Grid.IdxX;
        // The least float in the place of -∞: it may be taken from itself.
        float largest = float.MinValue, sum = 0f;
        for (int s = Group.IdxX; s < counted; s += Group.DimX)
        {
            int row = image * samples + s;
            float logWeight = prior[row] - posterior[row];
            for (int i = row * partsPerRow; i < (row + 1) * partsPerRow; i++)
                logWeight -= parts[i];
            float next = XMath.Max(largest, logWeight);
            sum = sum * XMath.Exp(largest - next) + XMath.Exp(logWeight - next);
            largest = next;
        }
        float before = float.MinValue, sumBefore = 0f;
        if (isFirst == 0)
        {
            before = sums[2 * image];
            sumBefore = sums[2 * image + 1];
        }
        float top = XMath.Max(GroupShapes.Max(largest, scratch), before);
        float total = GroupShapes.Sum(sum * XMath.Exp(largest - top), scratch) + sumBefore * XMath.Exp(before - top);
        if (Group.IdxX == 0)
        {
            sums[2 * image] = top;
            sums[2 * image + 1] = total;
        }
    }
}
