// Spectral normalisation of a weight (Miyato et al. 2018, arXiv:1802.05957, algorithm 1 and equation 12): W̄ = γW/σ, σ being the largest
// singular value of W, which one round of the power method in every training step follows, and γ the one that W̄ is to have. W
// [rows × columns] is a weight as it lies on the device, of a convolution [k·k·inputs × outputs].
//
//   v = Wᵀ u        u = W v/‖v‖        σ = ‖u‖        W̄ = γW/σ
//   dW = (γ·dW̄ - ⟨dW̄, W̄⟩ û v̂ᵀ)/σ,     û = u/‖u‖ and v̂ = v/‖v‖ taken for constants
//
// u is kept from step to step; as its length is σ, nothing else needs to be. Every launch reads what others have written: groups work out
// the norms that they need again, which are short sums, rather than wait for each other.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>Divides weights by their largest singular values, and takes gradients back through that.</summary>
public sealed class SpectralNormalization(Accelerator accelerator)
{
    private const int ElementsPerGroup = 1 << 12;

    // Keeps a weight of zeros from being divided by its norm.
    private const float Least = 1e-12f;

    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView> columns =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView>(ColumnsKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView> rows =
        accelerator.LoadKernel<FloatView, FloatView, FloatView>(RowsKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, float, FloatView> scale =
        accelerator.LoadKernel<FloatView, FloatView, float, FloatView>(ScaleKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int> dots =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int>(DotsKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, float, FloatView> gradient =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, float, FloatView>(GradientKernel);

    /// <summary>One round of the power method.</summary>
    /// <param name="weight">[rows × columns].</param>
    /// <param name="u">[rows], updated; not 0 at the start.</param>
    /// <param name="v">[columns], written.</param>
    public void Iterate(AcceleratorStream stream, FloatView weight, FloatView u, FloatView v)
    {
        columns(stream, v.IntExtent, weight, u, v);
        rows(stream, ((u.IntLength + groupSize - 1) / groupSize, groupSize), weight, v, u);
    }

    /// <summary>normalized = gain·weight/‖u‖.</summary>
    /// <param name="weight">[rows × columns].</param>
    /// <param name="u">[rows], as <see cref="Iterate"/> left it.</param>
    /// <param name="gain">γ.</param>
    /// <param name="normalized">[rows × columns], written.</param>
    public void Apply(AcceleratorStream stream, FloatView weight, FloatView u, float gain, FloatView normalized) =>
        scale(stream, (GroupsOf(weight), groupSize), weight, u, gain, normalized);

    /// <summary>The gradient of the weight in the place of that of the normalised one.</summary>
    /// <param name="normalized">[rows × columns].</param>
    /// <param name="u">[rows].</param>
    /// <param name="v">[columns].</param>
    /// <param name="gain">γ.</param>
    /// <param name="parts">[rows], written.</param>
    /// <param name="gradientOfWeight">[rows × columns], overwritten.</param>
    public void Backward(
        AcceleratorStream stream, FloatView normalized, FloatView u, FloatView v, float gain, FloatView parts,
        FloatView gradientOfWeight)
    {
        dots(stream, u.IntExtent, gradientOfWeight, normalized, parts, v.IntLength);
        gradient(stream, (GroupsOf(normalized), groupSize), u, v, parts, gain, gradientOfWeight);
    }

    private static int GroupsOf(FloatView weight) => (weight.IntLength + ElementsPerGroup - 1) / ElementsPerGroup;

    private static void ColumnsKernel(Index1D column, FloatView weight, FloatView u, FloatView v)
    {
        float sum = 0f;
        for (int row = 0; row < u.IntLength; row++)
            sum += weight[row * v.IntLength + column] * u[row];
        v[column] = sum;
    }

    private static void RowsKernel(FloatView weight, FloatView v, FloatView u)
    {
        float norm = Norm(v, SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup));
        int row = Grid.IdxX * Group.DimX + Group.IdxX;
        if (row >= u.IntLength)
            return;
        float sum = 0f;
        for (int column = 0; column < v.IntLength; column++)
            sum += weight[row * v.IntLength + column] * v[column];
        u[row] = sum / norm;
    }

    private static void ScaleKernel(FloatView weight, FloatView u, float gain, FloatView normalized)
    {
        float factor = gain / Norm(u, SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup));
        int first = Grid.IdxX * ElementsPerGroup, end = XMath.Min(first + ElementsPerGroup, weight.IntLength);
        for (int i = first + Group.IdxX; i < end; i += Group.DimX)
            normalized[i] = factor * weight[i];
    }

    private static void DotsKernel(Index1D row, FloatView dNormalized, FloatView normalized, FloatView parts, int width)
    {
        float sum = 0f;
        for (int column = 0; column < width; column++)
            sum += dNormalized[row * width + column] * normalized[row * width + column];
        parts[row] = sum;
    }

    private static void GradientKernel(FloatView u, FloatView v, FloatView parts, float gain, FloatView gradientOfWeight)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        float dot = 0f;
        for (int i = Group.IdxX; i < parts.IntLength; i += Group.DimX)
            dot += parts[i];
        dot = GroupShapes.Sum(dot, scratch);
        float inverse = 1f / Norm(u, scratch);
        float factor = dot * inverse / Norm(v, scratch);
        int first = Grid.IdxX * ElementsPerGroup, end = XMath.Min(first + ElementsPerGroup, gradientOfWeight.IntLength);
        for (int i = first + Group.IdxX; i < end; i += Group.DimX)
            gradientOfWeight[i] = inverse * (gain * gradientOfWeight[i] - factor * u[i / v.IntLength] * v[i % v.IntLength]);
    }

    private static float Norm(FloatView x, FloatView scratch)
    {
        float sum = 0f;
        for (int i = Group.IdxX; i < x.IntLength; i += Group.DimX)
            sum += x[i] * x[i];
        return XMath.Sqrt(GroupShapes.Sum(sum, scratch)) + Least;
    }
}
