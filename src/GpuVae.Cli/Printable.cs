using System.Globalization;
using System.Text;

namespace GpuVae.Cli;

/// <summary>
/// Names of files, labels and what else comes from outside, so that they can be shown: what would steer a terminal, begin a line of its
/// own or turn the order of the text around is written as an escape, \u001b.
/// </summary>
internal static class Printable
{
    /// <summary>The text itself where there is nothing to escape.</summary>
    public static string Of(string text)
    {
        int first = 0;
        while (first < text.Length && !IsEscaped(text, first))
            first++;
        if (first == text.Length)
            return text;
        var shown = new StringBuilder(text, 0, first, text.Length + 16);
        for (int i = first; i < text.Length; i++)
        {
            if (IsEscaped(text, i))
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}");
            else
                shown.Append(text[i]);
        }
        return shown.ToString();
    }

    private static bool IsEscaped(string text, int index) => text[index] switch
    {
        '\t' => false,
        >= ' ' and <= '~' => false,
        >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' => true, // Bidirectional embeddings, overrides and isolates.
        '\u2028' or '\u2029' => true, // Separators of lines and paragraphs.
        char c when char.IsHighSurrogate(c) => index + 1 == text.Length || !char.IsLowSurrogate(text[index + 1]),
        char c when char.IsLowSurrogate(c) => index == 0 || !char.IsHighSurrogate(text[index - 1]),
        char c => char.IsControl(c),
    };
}
