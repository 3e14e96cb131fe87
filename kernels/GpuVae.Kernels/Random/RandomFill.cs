using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Random;

/// <summary>Fills buffers with random numbers on the device.</summary>
public sealed class RandomFill(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, ulong, uint, long, float, float> uniform =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, ulong, uint, long, float, float>(UniformKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, ulong, uint, long, float, float> normal =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, ulong, uint, long, float, float>(NormalKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, ulong, uint, ArrayView<long>, int> normalRows =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, ulong, uint, ArrayView<long>, int>(NormalRowsKernel);

    /// <summary>Uniform numbers in [low, high): element e is a word of counter (block of e, 0, step, purpose).</summary>
    public void Uniform(
        AcceleratorStream stream, FloatView output, ulong seed, RandomPurpose purpose, long step, float low, float high) =>
        Launch(uniform, stream, output, seed, purpose, step, low, high - low);

    /// <summary>Normal numbers, with the counters of <see cref="Uniform"/>.</summary>
    public void Normal(
        AcceleratorStream stream, FloatView output, ulong seed, RandomPurpose purpose, long step, float mean, float deviation) =>
        Launch(normal, stream, output, seed, purpose, step, mean, deviation);

    /// <summary>
    /// Standard normal numbers, a run of its own for each row of <paramref name="output"/>: element e of row r is a word of counter (block
    /// of e, r, *step, purpose), so that a row does not depend on how many there are.
    /// </summary>
    /// <param name="output">[rows × columns], written.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="purpose">What the numbers are for.</param>
    /// <param name="step">One element.</param>
    public void NormalRows(
        AcceleratorStream stream, FloatView output, int columns, ulong seed, RandomPurpose purpose, ArrayView<long> step)
    {
        if (output.Length > 0)
            normalRows(stream, output.IntExtent, output, seed, (uint)purpose, step, columns);
    }

    private static void Launch(
        Action<AcceleratorStream, Index1D, FloatView, ulong, uint, long, float, float> kernel,
        AcceleratorStream stream, FloatView output, ulong seed, RandomPurpose purpose, long step, float offset, float scale)
    {
        if (output.Length > 0)
            kernel(stream, Philox.BlocksFor(output.IntLength), output, seed, (uint)purpose, step, offset, scale);
    }

    private static void UniformKernel(
        Index1D block, FloatView output, ulong seed, uint purpose, long step, float offset, float scale)
    {
        PhiloxBlock words = Philox.Generate(seed, (RandomPurpose)purpose, step, 0, block);
        Store(
            output, block,
            offset + scale * Philox.ToUniform(words.W0), offset + scale * Philox.ToUniform(words.W1),
            offset + scale * Philox.ToUniform(words.W2), offset + scale * Philox.ToUniform(words.W3));
    }

    private static void NormalKernel(
        Index1D block, FloatView output, ulong seed, uint purpose, long step, float offset, float scale)
    {
        PhiloxBlock words = Philox.Generate(seed, (RandomPurpose)purpose, step, 0, block);
        float radius0 = scale * Philox.NormalRadius(words.W0);
        float angle0 = Philox.NormalAngle(words.W1);
        float radius1 = scale * Philox.NormalRadius(words.W2);
        float angle1 = Philox.NormalAngle(words.W3);
        Store(
            output, block,
            offset + radius0 * XMath.Cos(angle0), offset + radius0 * XMath.Sin(angle0),
            offset + radius1 * XMath.Cos(angle1), offset + radius1 * XMath.Sin(angle1));
    }

    private static void NormalRowsKernel(Index1D i, FloatView output, ulong seed, uint purpose, ArrayView<long> step, int columns) =>
        output[i] = Philox.NormalAt(seed, (RandomPurpose)purpose, step[0], i.X / columns, i.X % columns);

    private static void Store(FloatView output, int block, float x0, float x1, float x2, float x3)
    {
        int element = Philox.FirstElementOf(block);
        int length = output.IntLength;
        output[element] = x0;
        if (element + Philox.WordStride < length)
            output[element + Philox.WordStride] = x1;
        if (element + 2 * Philox.WordStride < length)
            output[element + 2 * Philox.WordStride] = x2;
        if (element + 3 * Philox.WordStride < length)
            output[element + 3 * Philox.WordStride] = x3;
    }
}
