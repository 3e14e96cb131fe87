namespace GpuVae.Data;

/// <summary>Draws the images of a part of a set; of each label as many as its share, to the nearest.</summary>
internal static class ImageSplit
{
    /// <summary>Which images are in the part.</summary>
    /// <param name="count">At least 2.</param>
    /// <param name="labels">[count]; null where there are none.</param>
    /// <param name="fraction">Between 0 and 1; at least one image is in either part.</param>
    /// <param name="seed">Of the draw.</param>
    public static bool[] Draw(int count, int[]? labels, double fraction, ulong seed)
    {
        int wanted = Math.Clamp((int)Math.Round(count * fraction), 1, count - 1);
        var random = new SplitMix64(seed);
        int[][] classes =
        [
            .. Enumerable.Range(0, count).GroupBy(i => labels?[i] ?? 0).OrderBy(group => group.Key).Select(group => group.ToArray()),
        ];
        // Of labels with the same claim to one image more, the seed says which have it.
        random.Shuffle<int[]>(classes);
        int[] shares = Shares([.. classes.Select(of => of.Length)], wanted, count);
        bool[] isIn = new bool[count];
        for (int c = 0; c < classes.Length; c++)
        {
            random.Shuffle<int>(classes[c]);
            foreach (int image in classes[c].AsSpan(0, shares[c]))
                isIn[image] = true;
        }
        return isIn;
    }

    /// <summary>
    /// Parts of <paramref name="wanted"/> in the ratio of the sizes: whole ones first, then one more for those with the largest fractions.
    /// </summary>
    private static int[] Shares(int[] sizes, int wanted, int count)
    {
        int[] shares = [.. sizes.Select(size => (int)((long)size * wanted / count))];
        int left = wanted - shares.Sum();
        IEnumerable<int> byFraction = Enumerable.Range(0, sizes.Length).OrderByDescending(c => (long)sizes[c] * wanted % count);
        // A label of which there is one image stays in the larger part as long as others can be taken.
        foreach (int c in byFraction.OrderBy(c => shares[c] + 1 >= sizes[c]).Take(left))
            shares[c]++;
        return shares;
    }
}
