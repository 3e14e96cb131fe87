// The products of the units of a code z and of a 1 after them, d = (z, 1):
//
//   φ_(i,j) = d_i·d_j            j <= i <= L, row by row of the triangle
//
// In them the log-density of a normal is linear, and their sums hold count, mean and covariance: so both steps of expectation-maximisation
// (Dempster, Laird & Rubin 1977) for a mixture of normals are matrix products, scores = Φ·W and sums = ρᵀ·Φ.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Products of the units of codes.</summary>
public sealed class QuadraticFeatures(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int> products =
        accelerator.LoadKernel<FloatView, FloatView, int>(ProductsKernel);

    /// <summary>Features of a code of L units: the lower triangle of an (L + 1)-square.</summary>
    public static int Count(int latents) => checked((latents + 1) * (latents + 2) / 2);

    /// <summary>Makes the features.</summary>
    /// <param name="z">[rows × L].</param>
    /// <param name="features">[rows × <see cref="Count"/>], written: φ.</param>
    /// <param name="latents">L.</param>
    public void Run(AcceleratorStream stream, FloatView z, FloatView features, int latents) =>
        products(stream, (z.IntLength / latents, groupSize), z, features, latents);

    private static void ProductsKernel(FloatView z, FloatView features, int latents)
    {
        int row = Grid.IdxX, first = row * ((latents + 1) * (latents + 2) / 2);
        for (int i = 0; i <= latents; i++)
        {
            float ofI = i < latents ? z[row * latents + XMath.Min(i, latents - 1)] : 1f;
            for (int j = Group.IdxX; j <= i; j += Group.DimX)
                features[first + i * (i + 1) / 2 + j] = j < latents ? ofI * z[row * latents + XMath.Min(j, latents - 1)] : ofI;
        }
    }
}
