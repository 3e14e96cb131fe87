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

using ILGPU.Algorithms;

namespace GpuVae.Kernels.Random;

/// <summary>The four words of one Philox block.</summary>
public readonly struct PhiloxBlock(uint w0, uint w1, uint w2, uint w3)
{
    /// <summary>One of the words, 32 random bits.</summary>
    public readonly uint W0 = w0, W1 = w1, W2 = w2, W3 = w3;

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
