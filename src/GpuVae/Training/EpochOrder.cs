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
        Shuffle(order, seed, epoch, row: 0);
    }

    /// <summary>
    /// The same for images of which only a window is in memory: blocks of neighbours are shuffled, then the images of each window that they
    /// make.
    /// </summary>
    /// <param name="order">Filled.</param>
    /// <param name="seed">Of the shuffles.</param>
    /// <param name="epoch">Counted from 0.</param>
    /// <param name="block">Images of a block.</param>
    /// <param name="window">Images of a window.</param>
    public static void FillBlocks(Span<int> order, ulong seed, long epoch, int block, int window)
    {
        int[] blocks = [.. Enumerable.Range(0, (order.Length + block - 1) / block)];
        Shuffle(blocks, seed, epoch, row: 1);
        int at = 0;
        foreach (int number in blocks)
            for (int i = number * block; i < Math.Min((number + 1) * block, order.Length); i++)
                order[at++] = i;
        for (int first = 0; first < order.Length; first += window)
            Shuffle(order.Slice(first, Math.Min(window, order.Length - first)), seed, epoch, row: 2 + first / window);
    }

    private static void Shuffle(Span<int> order, ulong seed, long epoch, int row)
    {
        PhiloxBlock words = default;
        for (int i = order.Length - 1, drawn = 0; i > 0; i--, drawn++)
        {
            if (drawn % 4 == 0)
                words = Philox.Generate(seed, RandomPurpose.Shuffle, epoch, row, drawn / 4);
            // 32 random bits scaled to [0, i]; the bias of at most i / 2^32 does not matter for a shuffle.
            int j = (int)(((ulong)words[drawn % 4] * (ulong)(i + 1)) >> 32);
            (order[i], order[j]) = (order[j], order[i]);
        }
    }
}
