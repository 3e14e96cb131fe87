// Philox4x32-10: counter-based random numbers (Salmon, Moraes, Dror, Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2, 3",
// doi:10.1145/2063384.2063405). Four 32-bit words come from a 128-bit counter and a 64-bit key and from nothing else, so a number is a
// pure function of where it is used, on every device and after every resumption.
//
//   key     = seed (64 bit)
//   counter = (block, row, step, purpose)
//
// `step` counts optimiser steps and may lie in device memory; `purpose` keeps the streams of one step apart. One block yields four words.
// In a run of numbers, block b provides elements e, e+64, e+128, e+192 with e = 256·(b/64) + b%64: neighbouring threads then write
// neighbouring elements, whatever the warp.
//
// Uniform in [0,1): the upper 24 bits of a word times 2^-24.
// Normal: Box & Muller 1958, sqrt(-2 ln u1)·(cos, sin)(2 pi u2) with u1 in (0,1].

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Random;

/// <summary>What a stream of random numbers is for; the same seed and step give independent numbers for each purpose.</summary>
public enum RandomPurpose : uint
{
    /// <summary>The noise of the reparameterisation.</summary>
    Latent = 1,

    /// <summary>Dynamic binarisation of the pixels.</summary>
    Binarization = 2,

    /// <summary>Initial weights.</summary>
    Initialization = 3,

    /// <summary>Samples from the prior.</summary>
    Prior = 4,

    /// <summary>Static binarisation: the same bits in every epoch.</summary>
    StaticBinarization = 5,

    /// <summary>The order of the images in an epoch.</summary>
    Shuffle = 6,

    /// <summary>Noise of a test or of evaluation.</summary>
    Evaluation = 7,

    /// <summary>Draws of the pixels from p(x|z).</summary>
    Pixels = 8,

    /// <summary>The components of a mixture prior: which one a code is drawn from, and where they start.</summary>
    PriorComponent = 10,

    /// <summary>The samples of an importance-sampled likelihood.</summary>
    ImportanceSampling = 9,

    /// <summary>Noise and decisions of Langevin steps.</summary>
    Langevin = 10,
}

/// <summary>The four words of one Philox block.</summary>
public readonly struct PhiloxBlock(uint w0, uint w1, uint w2, uint w3)
{
    public readonly uint W0 = w0;
    public readonly uint W1 = w1;
    public readonly uint W2 = w2;
    public readonly uint W3 = w3;

    /// <summary>Word 0…3 of the block.</summary>
    public uint this[int word] => word < 2 ? (word == 0 ? W0 : W1) : (word == 2 ? W2 : W3);
}

/// <summary>Philox4x32-10 as device functions (they run on the host as well).</summary>
public static class Philox
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;
    private const float TwoToMinus24 = 1f / 16777216f;

    /// <summary>Elements that lie between two words of the same block in a run of numbers.</summary>
    public const int WordStride = 64;

    /// <summary>The ten rounds.</summary>
    public static PhiloxBlock Generate(uint c0, uint c1, uint c2, uint c3, uint key0, uint key1)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0;
            ulong product1 = (ulong)Multiplier1 * c2;
            uint next0 = (uint)(product1 >> 32) ^ c1 ^ key0;
            uint next2 = (uint)(product0 >> 32) ^ c3 ^ key1;
            c1 = (uint)product1;
            c3 = (uint)product0;
            c0 = next0;
            c2 = next2;
            key0 += Weyl0;
            key1 += Weyl1;
        }
        return new PhiloxBlock(c0, c1, c2, c3);
    }

    /// <summary>The block that counter (block, row, step, purpose) gives under a seed.</summary>
    public static PhiloxBlock Generate(ulong seed, RandomPurpose purpose, long step, int row, int block) =>
        Generate((uint)block, (uint)row, (uint)step, (uint)purpose, (uint)seed, (uint)(seed >> 32));

    /// <summary>The block that provides element <paramref name="index"/> of a run.</summary>
    public static int BlockOf(int index) => (index / (4 * WordStride)) * WordStride + index % WordStride;

    /// <summary>The word of its block that provides element <paramref name="index"/> of a run.</summary>
    public static int WordOf(int index) => index / WordStride % 4;

    /// <summary>The first of the four elements that a block provides.</summary>
    public static int FirstElementOf(int block) => block / WordStride * (4 * WordStride) + block % WordStride;

    /// <summary>Blocks needed for a run of <paramref name="count"/> elements.</summary>
    public static int BlocksFor(int count) =>
        count / (4 * WordStride) * WordStride + Math.Min(count % (4 * WordStride), WordStride);

    /// <summary>A float in [0, 1): all 2^24 multiples of 2^-24 are equally likely.</summary>
    public static float ToUniform(uint word) => (float)(int)(word >> 8) * TwoToMinus24;

    /// <summary>A float in (0, 1]: what a logarithm can take.</summary>
    public static float ToUniformPositive(uint word) => ((float)(int)(word >> 8) + 1f) * TwoToMinus24;

    /// <summary>Radius of Box and Muller's pair.</summary>
    public static float NormalRadius(uint word) => XMath.Sqrt(-2f * XMath.Log(ToUniformPositive(word)));

    /// <summary>Angle of Box and Muller's pair, in radians.</summary>
    public static float NormalAngle(uint word) => 2f * XMath.PI * ToUniform(word);

    /// <summary>Standard normal number from the first two words of a block.</summary>
    public static float Normal(PhiloxBlock words) => NormalRadius(words.W0) * XMath.Cos(NormalAngle(words.W1));

    /// <summary>Standard normal number at one element of a run, when its neighbours are not needed.</summary>
    public static float NormalAt(ulong seed, RandomPurpose purpose, long step, int row, int index)
    {
        PhiloxBlock words = Generate(seed, purpose, step, row, BlockOf(index));
        int word = WordOf(index);
        float radius = NormalRadius(word < 2 ? words.W0 : words.W2);
        float angle = NormalAngle(word < 2 ? words.W1 : words.W3);
        // Words 0 and 2 take the cosine, 1 and 3 the sine.
        return radius * (word % 2 == 0 ? XMath.Cos(angle) : XMath.Sin(angle));
    }
}

/// <summary>Fills buffers with random numbers on the device.</summary>
public sealed class RandomFill : IDisposable
{
    private readonly MemoryBuffer1D<long, Stride1D.Dense> zero;
    private readonly Action<AcceleratorStream, Index1D, FloatView, ulong, uint, long, ArrayView<long>, float, float> uniform;
    private readonly Action<AcceleratorStream, Index1D, FloatView, ulong, uint, long, ArrayView<long>, float, float> normal;
    private readonly Action<AcceleratorStream, Index1D, FloatView, ulong, uint, ArrayView<long>, int> normalRows;

    public RandomFill(Accelerator accelerator)
    {
        zero = accelerator.Allocate1D(new long[1]);
        uniform = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, ulong, uint, long, ArrayView<long>, float, float>(UniformKernel);
        normal = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, ulong, uint, long, ArrayView<long>, float, float>(NormalKernel);
        normalRows = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, ulong, uint, ArrayView<long>, int>(NormalRowsKernel);
    }

    /// <summary>Uniform numbers in [low, high), given the step on the host.</summary>
    public void Uniform(
        AcceleratorStream stream, FloatView output, ulong seed, RandomPurpose purpose, long step, float low, float high) =>
        Launch(uniform, stream, output, seed, purpose, step, zero.View, low, high - low);

    /// <summary>Uniform numbers in [low, high); the step is read from <paramref name="step"/> (one element) when the kernel runs.</summary>
    public void Uniform(
        AcceleratorStream stream, FloatView output, ulong seed, RandomPurpose purpose, ArrayView<long> step, float low, float high) =>
        Launch(uniform, stream, output, seed, purpose, 0, step, low, high - low);

    /// <summary>Normal numbers, given the step on the host.</summary>
    public void Normal(
        AcceleratorStream stream, FloatView output, ulong seed, RandomPurpose purpose, long step, float mean, float deviation) =>
        Launch(normal, stream, output, seed, purpose, step, zero.View, mean, deviation);

    /// <summary>Normal numbers; the step is read from <paramref name="step"/> (one element) when the kernel runs.</summary>
    public void Normal(
        AcceleratorStream stream, FloatView output, ulong seed, RandomPurpose purpose, ArrayView<long> step, float mean, float deviation) =>
        Launch(normal, stream, output, seed, purpose, 0, step, mean, deviation);

    /// <summary>
    /// Standard normal numbers, a run of its own for each row of <paramref name="output"/>: element e of row r is a word of counter (block
    /// of e, r, *step, purpose), so that a row does not depend on how many there are.
    /// </summary>
    /// <param name="stream">Stream to run on.</param>
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

    public void Dispose() => zero.Dispose();

    private static void Launch(
        Action<AcceleratorStream, Index1D, FloatView, ulong, uint, long, ArrayView<long>, float, float> kernel,
        AcceleratorStream stream, FloatView output, ulong seed, RandomPurpose purpose, long step, ArrayView<long> counter, float offset,
        float scale)
    {
        if (output.Length > 0)
            kernel(stream, Philox.BlocksFor(output.IntLength), output, seed, (uint)purpose, step, counter, offset, scale);
    }

    private static void UniformKernel(
        Index1D block, FloatView output, ulong seed, uint purpose, long step, ArrayView<long> counter, float offset, float scale)
    {
        PhiloxBlock words = Philox.Generate(seed, (RandomPurpose)purpose, step + counter[0], 0, block);
        Store(
            output, block,
            offset + scale * Philox.ToUniform(words.W0), offset + scale * Philox.ToUniform(words.W1),
            offset + scale * Philox.ToUniform(words.W2), offset + scale * Philox.ToUniform(words.W3));
    }

    private static void NormalKernel(
        Index1D block, FloatView output, ulong seed, uint purpose, long step, ArrayView<long> counter, float offset, float scale)
    {
        PhiloxBlock words = Philox.Generate(seed, (RandomPurpose)purpose, step + counter[0], 0, block);
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
