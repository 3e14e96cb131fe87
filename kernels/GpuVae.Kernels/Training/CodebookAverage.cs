// The codebook of a VQ-VAE as a moving average of what its codes stand for (van den Oord et al. 2017, arXiv:1711.00937, appendix A.1), with
// R rows z_r of a batch, of which row r has the code k_r:
//
//   n_k = γ·n_k + (1 - γ)·c_k / R        c_k = Σ_r [k_r = k]              the share of the rows that a code stands for
//   m_k = γ·m_k + (1 - γ)·s_k / R        s_k = Σ_r [k_r = k]·z_r
//   e_k = m_k / ñ_k                      ñ_k = N·(n_k + ε) / (N + K·ε),  N = Σ n_k      Laplace smoothing
//
// A code that stands for less than 1/32 of an even share, l = 1/(32K), starts again from a row of the batch, drawn by Philox(seed,
// Codebook, step, k): n_k = l, m_k = l·z_r, so that it does again in the next step unless it is of use there. So do all codes in the
// first step, when all n are 0.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>Moves a codebook towards the vectors that its codes stand for.</summary>
public sealed class CodebookAverage(Accelerator accelerator)
{
    private const float Epsilon = 1e-8f, LeastShare = 1f / 32;

    private readonly int groupSize = GroupShapes.ForRow(accelerator), groups = GroupShapes.ForAllCores(accelerator);
    private readonly CodeCount count = new(accelerator);

    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, int> add =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, int>(AddKernel);

    private readonly Action<AcceleratorStream, KernelConfig, CodebookState, FloatView, ArrayView<long>, int, float, ulong> share =
        accelerator.LoadKernel<CodebookState, FloatView, ArrayView<long>, int, float, ulong>(ShareKernel);

    private readonly Action<AcceleratorStream, Index1D, CodebookState, FloatView, FloatView, int, float> move =
        accelerator.LoadAutoGroupedKernel<Index1D, CodebookState, FloatView, FloatView, int, float>(MoveKernel);

    /// <summary>Floats of the scratch for K codes of D numbers.</summary>
    public static int ScratchLength(int codes, int size) => codes * (size + 2) + 1;

    /// <summary>One step.</summary>
    /// <param name="state">Changed.</param>
    /// <param name="z">[rows, D].</param>
    /// <param name="indices">[rows].</param>
    /// <param name="scratch"><see cref="ScratchLength"/>, written.</param>
    /// <param name="step">One element.</param>
    /// <param name="decay">γ.</param>
    /// <param name="seed">Of the restarts.</param>
    public void Update(
        AcceleratorStream stream, CodebookState state, FloatView z, FloatView indices, FloatView scratch, ArrayView<long> step,
        double decay, ulong seed)
    {
        int codes = state.Shares.IntLength, size = state.Vectors.IntLength / codes, rows = indices.IntLength;
        FloatView sums = scratch.SubView(0, codes * size), rest = scratch.SubView(codes * size, 2 * codes + 1);
        count.Start(stream, indices, rest.SubView(0, codes));
        add(stream, (Math.Min(codes, groups), groupSize), z, indices, sums, codes);
        float learned = (float)(1 - decay);
        share(stream, (1, groupSize), state, rest, step, rows, learned, seed);
        move(stream, codes * size, state, z, scratch, rows, learned);
    }

    /// <summary>s [K, D]: group g owns every code k with k mod groups = g, and goes through the rows in their order.</summary>
    private static void AddKernel(FloatView z, FloatView indices, FloatView sums, int codes)
    {
        int size = sums.IntLength / codes;
        for (int code = Grid.IdxX; code < codes; code += Grid.DimX)
        {
            for (int d = Group.IdxX; d < size; d += Group.DimX)
                sums[code * size + d] = 0f;
        }
        for (int row = 0; row < indices.IntLength; row++)
        {
            int code = (int)indices[row];
            if (code % Grid.DimX != Grid.IdxX)
                continue;
            for (int d = Group.IdxX; d < size; d += Group.DimX)
                sums[code * size + d] += z[row * size + d];
        }
    }

    /// <summary>rest: counts [K], then the rows that codes start again from or -1 [K], then N.</summary>
    private static void ShareKernel(
        CodebookState state, FloatView rest, ArrayView<long> step, int rows, float learned, ulong seed)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int codes = state.Shares.IntLength;
        float sum = 0f;
        for (int code = Group.IdxX; code < codes; code += Group.DimX)
        {
            float share = state.Shares[code];
            share += learned * (rest[code] / rows - share);
            int origin = -1;
            if (share < LeastShare / codes)
            {
                uint word = Philox.Generate(seed, RandomPurpose.Codebook, step[0], code, 0).W0;
                origin = XMath.Min((int)(Philox.ToUniform(word) * rows), rows - 1);
                share = LeastShare / codes;
            }
            rest[codes + code] = origin;
            state.Shares[code] = share;
            sum += share;
        }
        GroupShapes.StoreSum(rest, 2 * codes, sum, scratch);
    }

    private static void MoveKernel(Index1D i, CodebookState state, FloatView z, FloatView scratch, int rows, float learned)
    {
        int codes = state.Shares.IntLength, size = state.Vectors.IntLength / codes, d = i / codes, code = i % codes;
        int origin = (int)scratch[codes * (size + 1) + code];
        float total = scratch[codes * (size + 2)], share = state.Shares[code], sum = state.Sums[i];
        sum = origin >= 0 ? share * z[origin * size + d] : sum + learned * (scratch[code * size + d] / rows - sum);
        state.Sums[i] = sum;
        state.Vectors[i] = sum * (total + codes * Epsilon) / (total * (share + Epsilon));
    }
}

/// <summary>A codebook and its moving averages.</summary>
/// <param name="vectors">e [D, K].</param>
/// <param name="shares">n [K], 0 at the start.</param>
/// <param name="sums">m [D, K], 0 at the start.</param>
public readonly struct CodebookState(FloatView vectors, FloatView shares, FloatView sums)
{
    internal readonly FloatView Vectors = vectors, Shares = shares, Sums = sums;
}
