namespace GpuVae.Cli;

/// <summary>What somebody may have meant by a name that does not exist.</summary>
internal static class Nearest
{
    /// <summary>Such as <c>; did you mean --epochs?</c>; empty where nothing is near.</summary>
    public static string Hint(string word, IEnumerable<string> known) =>
        Of(word, known) is { } nearest ? $"; did you mean {nearest}?" : ".";

    /// <summary>The name that the fewest letters tell from <paramref name="word"/>; null where most of them would have to change.</summary>
    public static string? Of(string word, IEnumerable<string> known) => known
        .Select(name => (Name: name, Distance: name.StartsWith(word, StringComparison.OrdinalIgnoreCase) ? 1 : Distance(word, name)))
        .Where(pair => pair.Distance <= Math.Max(2, Math.Max(word.Length, pair.Name.Length) / 3))
        .OrderBy(pair => pair.Distance).Select(pair => pair.Name).FirstOrDefault();

    /// <summary>Levenshtein's: letters put in, left out or exchanged.</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 0; i < a.Length; i++)
        {
            (int above, row[0]) = (row[0], i + 1);
            for (int j = 0; j < b.Length; j++)
            {
                int exchanged = above + (char.ToLowerInvariant(a[i]) == char.ToLowerInvariant(b[j]) ? 0 : 1);
                above = row[j + 1];
                row[j + 1] = Math.Min(exchanged, Math.Min(row[j], row[j + 1]) + 1);
            }
        }
        return row[^1];
    }
}
