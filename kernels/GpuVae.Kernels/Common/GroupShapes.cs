// Group sizes, chosen from what the accelerator reports, and the reductions inside a group that go with them.

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Common;

internal static class GroupShapes
{
    /// <summary>The largest group that any kernel here asks for; extent of its shared scratch.</summary>
    public const int MaxRowGroup = 256;

    private const int GroupsPerCore = 8;

    /// <summary>
    /// Threads of a group that works through one row (a sample, a column strip) together: a power of two.
    /// On a CPU one warp, which is one vector and needs no barrier; elsewhere enough threads to hide latency.
    /// </summary>
    public static int ForRow(Accelerator accelerator)
    {
        int limit = Math.Min(accelerator.MaxNumThreadsPerGroup, MaxRowGroup);
        int wanted = accelerator.ExecutionStyle() == ExecutionStyle.Lanes ? Math.Max(accelerator.WarpSize, 1) : MaxRowGroup;
        return (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(wanted, limit) + 1) / 2;
    }

    /// <summary>
    /// As <see cref="ForRow"/> for rows of latent units or mixture components, of which there are tens.
    /// </summary>
    public static int ForShortRow(Accelerator accelerator) => Math.Min(ForRow(accelerator), 32);

    /// <summary>
    /// Threads of a group that works through the pixels of an image with channels innermost: side by side for the channels, one below the
    /// other for the pixels, powers of two. On a CPU one warp, all for the channels.
    /// </summary>
    public static Index2D ForChannels(Accelerator accelerator, int channels)
    {
        int threads = ForRow(accelerator);
        if (accelerator.ExecutionStyle() == ExecutionStyle.Lanes)
            return new Index2D(threads, 1);
        int width = Math.Min(threads, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)channels));
        return new Index2D(width, threads / width);
    }

    /// <summary>Groups to cut work into at least, so that cores that start late still find some.</summary>
    public static int ForAllCores(Accelerator accelerator) => GroupsPerCore * accelerator.NumMultiprocessors;

    /// <summary>As <see cref="Sum(float, FloatView)"/>, for a group of two dimensions.</summary>
    public static float SumOfGroup(float value, FloatView scratch) =>
        Sum(value, scratch, Group.IdxY * Group.DimX + Group.IdxX, Group.DimX * Group.DimY);

    /// <summary>
    /// Sum of <paramref name="value"/> over the threads one below the other, in their order, known to each of them. Every thread of the
    /// group must call it; <paramref name="scratch"/> as for <see cref="Sum(float, FloatView)"/>.
    /// </summary>
    public static float SumOfColumn(float value, FloatView scratch)
    {
        scratch[Group.IdxY * Group.DimX + Group.IdxX] = value;
        Group.Barrier();
        float sum = 0f;
        for (int y = 0; y < Group.DimY; y++)
            sum += scratch[y * Group.DimX + Group.IdxX];
        Group.Barrier();
        return sum;
    }

    /// <summary>
    /// Sum of <paramref name="value"/> over the threads of a one-dimensional group whose size is a power of two, known to every thread.
    /// Always the same tree, so the result depends on the group size only. Every thread of the group must call it.
    /// </summary>
    /// <param name="value">This thread's term.</param>
    /// <param name="scratch">Shared memory with at least one element per thread; free again on return.</param>
    public static float Sum(float value, FloatView scratch) => Sum(value, scratch, Group.IdxX, Group.DimX);

    /// <summary>Puts the <see cref="Sum(float, FloatView)"/> of a group into an element.</summary>
    public static void StoreSum(FloatView target, int index, float value, FloatView scratch)
    {
        float sum = Sum(value, scratch);
        if (Group.IdxX == 0)
            target[index] = sum;
    }

    /// <summary>Largest <paramref name="value"/> of the threads; as <see cref="Sum(float, FloatView)"/>.</summary>
    public static float Max(float value, FloatView scratch)
    {
        int thread = Group.IdxX;
        scratch[thread] = value;
        Group.Barrier();
        for (int stride = Group.DimX / 2; stride > 0; stride /= 2)
        {
            if (thread < stride)
                scratch[thread] = XMath.Max(scratch[thread], scratch[thread + stride]);
            Group.Barrier();
        }
        float largest = scratch[0];
        Group.Barrier();
        return largest;
    }

    /// <summary>
    /// ln Σ e^score of a row, known to every thread of a one-dimensional group: thread i owns every <see cref="Group.DimX"/>-th score from
    /// i on, and may have written those itself. As <see cref="Sum(float, FloatView)"/> otherwise.
    /// </summary>
    /// <param name="scores">The rows.</param>
    /// <param name="first">Where the row begins.</param>
    /// <param name="count">Scores of the row.</param>
    /// <param name="largest">The largest of this thread's scores.</param>
    /// <param name="scratch">Shared memory with at least one element per thread.</param>
    public static float LogSumExp(FloatView scores, int first, int count, float largest, FloatView scratch)
    {
        largest = Max(largest, scratch);
        float sum = 0f;
        for (int i = Group.IdxX; i < count; i += Group.DimX)
            sum += XMath.Exp(scores[first + i] - largest);
        return largest + XMath.Log(Sum(sum, scratch));
    }

    /// <summary>As the other of this name, for scores of which nobody knows the largest.</summary>
    public static float LogSumExp(FloatView scores, int first, int count, FloatView scratch)
    {
        float largest = float.NegativeInfinity;
        for (int i = Group.IdxX; i < count; i += Group.DimX)
            largest = XMath.Max(largest, scores[first + i]);
        return LogSumExp(scores, first, count, largest, scratch);
    }

    /// <summary>
    /// Turns the scores of a row into the shares of their exponentials, in place; gives what LogSumExp gives, whose parameters it has.
    /// </summary>
    public static float Softmax(FloatView scores, int first, int count, float largest, FloatView scratch)
    {
        float logSum = LogSumExp(scores, first, count, largest, scratch);
        for (int i = Group.IdxX; i < count; i += Group.DimX)
            scores[first + i] = XMath.Exp(scores[first + i] - logSum);
        return logSum;
    }

    /// <summary>Sum over the threads of a group that is one warp, a power of two wide, known to every thread; a fixed butterfly.</summary>
    public static float SumOfWarp(float value)
    {
        for (int mask = Group.DimX / 2; mask > 0; mask /= 2)
            value += Warp.ShuffleXor(value, mask);
        return value;
    }

    private static float Sum(float value, FloatView scratch, int thread, int threads)
    {
        scratch[thread] = value;
        Group.Barrier();
        for (int stride = threads / 2; stride > 0; stride /= 2)
        {
            if (thread < stride)
                scratch[thread] += scratch[thread + stride];
            Group.Barrier();
        }
        float sum = scratch[0];
        Group.Barrier();
        return sum;
    }
}
