using GpuVae.Kernels.Random;

namespace GpuVae.Kernels.Tests;

/// <summary>The host's view of Philox; the devices' agreement with it is in the table of ops.</summary>
public sealed class PhiloxTests
{
    // Known-answer vectors of the Random123 distribution (kat_vectors, philox4x32 with 10 rounds): counter, key, result.
    [Theory]
    [InlineData(new uint[] { 0, 0, 0, 0 }, new uint[] { 0, 0 }, new uint[] { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 })]
    [InlineData(
        new[] { uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue }, new[] { uint.MaxValue, uint.MaxValue },
        new uint[] { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd })]
    [InlineData(
        new uint[] { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, new uint[] { 0xa4093822, 0x299f31d0 },
        new uint[] { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 })]
    public void GivesThePublishedWords(uint[] counter, uint[] key, uint[] expected)
    {
        PhiloxBlock words = Philox.Generate(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
        Assert.Equal(expected, new[] { words.W0, words.W1, words.W2, words.W3 });
        Assert.Equal(expected, Enumerable.Range(0, 4).Select(word => words[word]));
    }

    [Fact]
    public void NoTwoPurposesShareNumbers()
    {
        // By name: two names of one number count as one value.
        string[] names = Enum.GetNames<RandomPurpose>();
        Assert.Distinct(names.Select(Enum.Parse<RandomPurpose>));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(256)]
    [InlineData(300)]
    [InlineData(1000)]
    public void EveryElementOfARunHasOneBlockAndWord(int count)
    {
        int[] seen = new int[count];
        for (int block = 0; block < Philox.BlocksFor(count); block++)
        {
            for (int word = 0; word < 4; word++)
            {
                int element = Philox.FirstElementOf(block) + word * Philox.WordStride;
                if (element >= count)
                    continue;
                seen[element]++;
                Assert.Equal(block, Philox.BlockOf(element));
                Assert.Equal(word, Philox.WordOf(element));
            }
        }
        Assert.All(seen, n => Assert.Equal(1, n));
    }

    [Fact]
    public void UniformNumbersStayInTheirHalfOpenIntervals()
    {
        Assert.Equal(0f, Philox.ToUniform(0));
        Assert.True(Philox.ToUniform(uint.MaxValue) < 1f);
        Assert.True(Philox.ToUniformPositive(0) > 0f);
        Assert.Equal(1f, Philox.ToUniformPositive(uint.MaxValue));
    }

    [Fact]
    public void SeedPurposeStepAndRowEachChangeTheStream()
    {
        uint W(ulong seed, RandomPurpose purpose, long step, int row) => Philox.Generate(seed, purpose, step, row, 0).W0;
        uint[] words =
        [
            W(1, RandomPurpose.Latent, 0, 0), W(2, RandomPurpose.Latent, 0, 0), W(1UL << 40, RandomPurpose.Latent, 0, 0),
            W(1, RandomPurpose.Prior, 0, 0), W(1, RandomPurpose.Latent, 1, 0), W(1, RandomPurpose.Latent, 0, 1),
        ];
        Assert.Equal(words.Length, words.Distinct().Count());
    }
}
