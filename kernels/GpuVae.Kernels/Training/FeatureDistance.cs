// The distance of two images in the features of a layer of a trained network (Zhang et al. 2018, arXiv:1801.03924, equation 1, with weights
// of 1), place by place, features f and t being brought to length 1:
//
//   u = f / √(‖f‖² + ε)     v = t / √(‖t‖² + ε)     d = ‖u - v‖²     ∂d/∂f = 2·((u - v) - u·⟨u, u - v⟩) / √(‖f‖² + ε)
//
// With ε within the root a place where no feature answers has a gradient, too; where all but nothing answers it stays bounded.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>Distances between features of images and those that they should be, with their gradient. A group works on one place.</summary>
public sealed class FeatureDistance(Accelerator accelerator)
{
    private const float Epsilon = 1e-6f;

    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, float, float, int> kernel =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, float, float, int>(DistanceKernel);

    /// <summary>Distances and gradient.</summary>
    /// <param name="target">t, [places × channels].</param>
    /// <param name="features">f, [places × channels].</param>
    /// <param name="share">What distances are multiplied by before they are written.</param>
    /// <param name="scale">Of the gradient.</param>
    /// <param name="distances">[places], written: share·d.</param>
    /// <param name="gradient">[places × channels], written: scale·∂d/∂f.</param>
    public void Run(
        AcceleratorStream stream, FloatView target, FloatView features, float share, float scale, FloatView distances,
        FloatView gradient) =>
        kernel(
            stream, (distances.IntExtent, groupSize), target, features, distances, gradient, share, scale,
            features.IntLength / distances.IntLength);

    private static void DistanceKernel(
        FloatView target, FloatView features, FloatView distances, FloatView gradient, float share, float scale, int channels)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int first = Grid.IdxX * channels;
        float ofFeatures = 0f, ofTarget = 0f;
        for (int c = first + Group.IdxX; c < first + channels; c += Group.DimX)
        {
            ofFeatures += features[c] * features[c];
            ofTarget += target[c] * target[c];
        }
        float f = 1f / XMath.Sqrt(GroupShapes.Sum(ofFeatures, scratch) + Epsilon);
        float t = 1f / XMath.Sqrt(GroupShapes.Sum(ofTarget, scratch) + Epsilon);
        float distance = 0f, along = 0f;
        for (int c = first + Group.IdxX; c < first + channels; c += Group.DimX)
        {
            float u = f * features[c], difference = u - t * target[c];
            distance += difference * difference;
            along += u * difference;
        }
        distance = GroupShapes.Sum(distance, scratch);
        along = GroupShapes.Sum(along, scratch);
        if (Group.IdxX == 0)
            distances[Grid.IdxX] = share * distance;
        for (int c = first + Group.IdxX; c < first + channels; c += Group.DimX)
        {
            float u = f * features[c];
            gradient[c] = 2f * scale * f * (u - t * target[c] - u * along);
        }
    }
}
