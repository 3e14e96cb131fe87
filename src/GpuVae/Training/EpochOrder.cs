using GpuVae.Kernels.Random;

namespace GpuVae.Training;

/// <summary>
/// The order of the images in an epoch: Fisher and Yates's shuffle with counter-based numbers, a pure function of seed and epoch, so that a
/// resumed run finds the order of the epoch in which it was stopped again.
/// </summary>
internal static class EpochOrder
{
    /// <summary>Fills <paramref name="order"/> with a permutation of 0 … length − 1.</summary>
    public static void Fill(Span<int> order, ulong seed, long epoch)
    {
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        PhiloxBlock words = default;
        for (int i = order.Length - 1, drawn = 0; i > 0; i--, drawn++)
        {
            if (drawn % 4 == 0)
                words = Philox.Generate(seed, RandomPurpose.Shuffle, epoch, 0, drawn / 4);
            // 32 random bits scaled to [0, i]; the bias of at most i / 2^32 does not matter for a shuffle.
            int j = (int)(((ulong)words[drawn % 4] * (ulong)(i + 1)) >> 32);
            (order[i], order[j]) = (order[j], order[i]);
        }
    }
}
