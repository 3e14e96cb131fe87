using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Benchmarks.Limits;

/// <summary>What the caches give all cores, each of which reads its part of a set again and again, as images read weights.</summary>
internal sealed class CacheBandwidth(Accelerator accelerator)
{
    /// <summary>Vectors that a turn reads, into as many sums: enough that no addition waits for another.</summary>
    private const int Sums = 8;

    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, int, int> read =
        accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, int, int>(ReadKernel);

    /// <summary>One pass reads the set once.</summary>
    /// <returns>The bytes that a pass reads, and what runs so many passes.</returns>
    public (double Bytes, Action<AcceleratorStream, int> Run) Prepare(Scratch memory, long bytes)
    {
        int cores = accelerator.NumMultiprocessors, warp = accelerator.WarpSize;
        int turns = (int)(bytes / (sizeof(float) * (long)cores * Sums * warp));
        long length = (long)turns * cores * Sums * warp;
        ArrayView<float> set = memory.Zeros(length), result = memory.Zeros((long)cores * warp);
        return (sizeof(float) * (double)length, (stream, passes) => read(stream, (cores, warp), set, result, turns, passes));
    }

    private static void ReadKernel(ArrayView<float> set, ArrayView<float> result, int turns, int passes)
    {
        int warp = Group.DimX;
        int first = Grid.IdxX * turns * Sums * warp + Group.IdxX;
        float s0 = 0f, s1 = 0f, s2 = 0f, s3 = 0f, s4 = 0f, s5 = 0f, s6 = 0f, s7 = 0f;
        for (int pass = 0; pass < passes; pass++)
        {
            int at = first;
            for (int turn = 0; turn < turns; turn++)
            {
                s0 += set[at];
                s1 += set[at + warp];
                s2 += set[at + 2 * warp];
                s3 += set[at + 3 * warp];
                s4 += set[at + 4 * warp];
                s5 += set[at + 5 * warp];
                s6 += set[at + 6 * warp];
                s7 += set[at + 7 * warp];
                at += Sums * warp;
            }
        }
        result[Grid.GlobalIndex.X] = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
    }
}
