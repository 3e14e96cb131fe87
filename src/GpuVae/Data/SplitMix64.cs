namespace GpuVae.Data;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). Integer arithmetic only, so
/// the numbers are the same on every platform; cheap to seed, so each image can own a generator and images can be made in any order.
/// </summary>
internal struct SplitMix64(ulong seed)
{
    private ulong state = seed;

    /// <summary>An independent generator for item <paramref name="index"/> of the sequence that <paramref name="seed"/> names.</summary>
    public static SplitMix64 ForItem(ulong seed, ulong index) => new(Mix(seed) ^ Mix(index * 0xD1342543DE82EF95UL + 1));

    public ulong NextUInt64() => Mix(state += 0x9E3779B97F4A7C15UL);

    /// <summary>An integer in [0, bound); the bias of at most bound / 2^32 does not matter at the bounds used here.</summary>
    public int Next(int bound) => (int)(((NextUInt64() >> 32) * (ulong)bound) >> 32);

    /// <summary>Uniform in [low, high), from 24 bits.</summary>
    public float Uniform(float low, float high) => low + (high - low) * ((NextUInt64() >> 40) * (1f / (1 << 24)));

    /// <summary>
    /// Mean 0, deviation 1, bell shaped and never beyond ±3.46: the sum of four 16-bit uniforms. Needs no logarithm, whose last bit
    /// differs between platforms, and has no tail that would tear a drawing apart.
    /// </summary>
    public float Bell()
    {
        ulong bits = NextUInt64();
        int sum = (int)(bits & 0xFFFF) + (int)((bits >> 16) & 0xFFFF) + (int)((bits >> 32) & 0xFFFF) + (int)(bits >> 48);
        return (sum - 2 * 65535) * (1.7320508f / 65535);
    }

    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
