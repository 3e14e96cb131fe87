// The capacity objective γ·|mean KL - C| (Burgess, Higgins, Pal, Matthey, Watters, Desjardins & Lerchner 2018, arXiv:1804.03599, eq. 8):
// the weight of KL in the gradient is γ above C and -γ below; the rest is the gradient of beta·KL (Reparameterize.cs).

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>The weight of a KL term that is held at a capacity.</summary>
public sealed class KlCapacity(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, float> kernel =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, float>(WeighKernel);

    /// <summary>One weight for all units.</summary>
    /// <param name="kl">[batch], nats per image.</param>
    /// <param name="target">One element: C, nats.</param>
    /// <param name="weight">One element, written.</param>
    /// <param name="strength">γ.</param>
    public void Weigh(AcceleratorStream stream, FloatView kl, FloatView target, FloatView weight, float strength) =>
        kernel(stream, (1, groupSize), kl, target, weight, strength);

    private static void WeighKernel(FloatView kl, FloatView target, FloatView weight, float strength)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        float sum = 0f;
        for (int i = Group.IdxX; i < kl.IntLength; i += Group.DimX)
            sum += kl[i];
        float mean = GroupShapes.Sum(sum, scratch) / kl.IntLength;
        if (Group.IdxX == 0)
            weight[0] = mean > target[0] ? strength : -strength;
    }
}
