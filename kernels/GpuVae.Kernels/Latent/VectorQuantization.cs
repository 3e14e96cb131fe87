// Vector quantisation (van den Oord, Vinyals & Kavukcuoglu 2017, arXiv:1711.00937): each vector z of D numbers becomes the nearest of the K
// vectors e of a codebook, which lies as [D, K].
//
//   k  = argmin ‖z - e_k‖² = argmax z·e_k - ½‖e_k‖²        the first of several; the products are one matrix product
//   commitment = β·‖z - e_k‖²
//
// The way back treats k as a constant. Straight through: dz = de. By rotation (Fifty et al. 2024, arXiv:2410.06424) e is taken for λ·R·z, R
// being the rotation from ẑ = z/‖z‖ to ê = e/‖e‖ and λ = ‖e‖/‖z‖, both constants, so that the gradient keeps its angle to the vector:
//
//   dz = λ·Rᵀ·de = λ·(de - 2·(ẑ + ê)·((ẑ + ê)·de)/‖ẑ + ê‖² + 2·ẑ·(ê·de))
//
// and where z or e is nearly 0, or they point away from each other, straight through. To both 2β·(z - e) is added.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Replaces vectors by the nearest of a codebook, and goes back through that.</summary>
public sealed class VectorQuantization(Accelerator accelerator)
{
    private const float Tiny = 1e-12f, Opposite = 1e-3f;

    private readonly int groupSize = GroupShapes.ForRow(accelerator), shortGroupSize = GroupShapes.ForShortRow(accelerator);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int> norms =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int>(NormsKernel);

    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, QuantizedRows, int, float> choose =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, QuantizedRows, int, float>(ChooseKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int> lookup =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int>(LookupKernel);

    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, int, float, int> backward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, int, float, int>(BackwardKernel);

    /// <summary>-½‖e_k‖², to be added to the products z·e_k.</summary>
    /// <param name="codebook">[D, K].</param>
    /// <param name="halfNorms">[K], written.</param>
    public void Norms(AcceleratorStream stream, FloatView codebook, FloatView halfNorms) =>
        norms(stream, halfNorms.IntExtent, codebook, halfNorms, codebook.IntLength / halfNorms.IntLength);

    /// <summary>The code with the highest score of each row.</summary>
    /// <param name="scores">[rows, K]: z·e_k - ½‖e_k‖².</param>
    /// <param name="z">[rows, D].</param>
    /// <param name="codebook">[D, K].</param>
    /// <param name="rows">Written.</param>
    /// <param name="size">D.</param>
    /// <param name="commitment">β.</param>
    public void Choose(
        AcceleratorStream stream, FloatView scores, FloatView z, FloatView codebook, QuantizedRows rows, int size, float commitment)
    {
        if (z.Length > 0)
            choose(stream, (z.IntLength / size, groupSize), scores, z, codebook, rows, size, commitment);
    }

    /// <summary>The vectors of codes that are known.</summary>
    /// <param name="codebook">[D, K].</param>
    /// <param name="indices">[rows], of 0 … K - 1.</param>
    /// <param name="codes">[rows, D], written.</param>
    public void Lookup(AcceleratorStream stream, FloatView codebook, FloatView indices, FloatView codes)
    {
        if (codes.Length > 0)
            lookup(stream, codes.IntExtent, codebook, indices, codes, codes.IntLength / indices.IntLength);
    }

    /// <summary>From ∂loss/∂e to ∂loss/∂z, that of the commitment included.</summary>
    /// <param name="z">[rows, D].</param>
    /// <param name="codes">[rows, D]: e.</param>
    /// <param name="dCodes">[rows, D].</param>
    /// <param name="dz">[rows, D], written.</param>
    /// <param name="size">D.</param>
    /// <param name="pull">2β, divided by what the loss is averaged over.</param>
    /// <param name="rotates">Whether by rotation.</param>
    public void Backward(
        AcceleratorStream stream, FloatView z, FloatView codes, FloatView dCodes, FloatView dz, int size, float pull, bool rotates)
    {
        if (z.Length > 0)
            backward(stream, (z.IntLength / size, shortGroupSize), z, codes, dCodes, dz, size, pull, rotates ? 1 : 0);
    }

    private static void NormsKernel(Index1D code, FloatView codebook, FloatView halfNorms, int size)
    {
        float sum = 0f;
        for (int d = 0; d < size; d++)
        {
            float value = codebook[d * halfNorms.IntLength + code];
            sum += value * value;
        }
        halfNorms[code] = -0.5f * sum;
    }

    private static void ChooseKernel(
        FloatView scores, FloatView z, FloatView codebook, QuantizedRows rows, int size, float commitment)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX, count = codebook.IntLength / size, at = 0;
        float best = float.NegativeInfinity;
        for (int k = Group.IdxX; k < count; k += Group.DimX)
        {
            float score = scores[row * count + k];
            if (score > best)
            {
                best = score;
                at = k;
            }
        }
        float largest = GroupShapes.Max(best, scratch);
        // The first of several; code 0 where all scores are NaN, which then show in the commitment.
        int code = (int)-GroupShapes.Max(best == largest ? -at : float.NegativeInfinity, scratch);
        float distance = 0f;
        for (int d = Group.IdxX; d < size; d += Group.DimX)
        {
            float e = codebook[d * count + code], difference = z[row * size + d] - e;
            rows.Codes[row * size + d] = e;
            distance += difference * difference;
        }
        distance = GroupShapes.Sum(distance, scratch);
        if (Group.IdxX == 0)
        {
            rows.Indices[row] = code;
            rows.Commitments[row] = commitment * distance;
        }
    }

    private static void LookupKernel(Index1D i, FloatView codebook, FloatView indices, FloatView codes, int size) =>
        codes[i] = codebook[i % size * (codebook.IntLength / size) + (int)indices[i / size]];

    private static void BackwardKernel(
        FloatView z, FloatView codes, FloatView dCodes, FloatView dz, int size, float pull, int rotates)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int first = Grid.IdxX * size;
        float scale = 1f, ofZ = pull, ofE = -pull;
        if (rotates != 0)
        {
            float zz = 0f, ee = 0f, ze = 0f, zg = 0f, eg = 0f;
            for (int d = Group.IdxX; d < size; d += Group.DimX)
            {
                float ofRow = z[first + d], ofCode = codes[first + d], gradient = dCodes[first + d];
                zz += ofRow * ofRow;
                ee += ofCode * ofCode;
                ze += ofRow * ofCode;
                zg += ofRow * gradient;
                eg += ofCode * gradient;
            }
            zz = GroupShapes.Sum(zz, scratch);
            ee = GroupShapes.Sum(ee, scratch);
            ze = GroupShapes.Sum(ze, scratch);
            zg = GroupShapes.Sum(zg, scratch);
            eg = GroupShapes.Sum(eg, scratch);
            float inverseZ = 1f / XMath.Sqrt(XMath.Max(zz, Tiny)), inverseE = 1f / XMath.Sqrt(XMath.Max(ee, Tiny));
            float between = 2f + 2f * ze * inverseZ * inverseE;
            if (zz > Tiny && ee > Tiny && between > Opposite)
            {
                scale = ee * inverseE * inverseZ;
                float along = 2f * (zg * inverseZ + eg * inverseE) / between;
                ofZ += scale * (2f * eg * inverseE - along) * inverseZ;
                ofE -= scale * along * inverseE;
            }
        }
        for (int d = Group.IdxX; d < size; d += Group.DimX)
            dz[first + d] = scale * dCodes[first + d] + ofZ * z[first + d] + ofE * codes[first + d];
    }
}

/// <summary>What becomes of the rows that are quantised.</summary>
/// <param name="codes">[rows, D]: the vectors.</param>
/// <param name="indices">[rows]: their numbers, of 0 … K - 1.</param>
/// <param name="commitments">[rows]: β·‖z - e‖².</param>
public readonly struct QuantizedRows(FloatView codes, FloatView indices, FloatView commitments)
{
    internal readonly FloatView Codes = codes, Indices = indices, Commitments = commitments;
}
