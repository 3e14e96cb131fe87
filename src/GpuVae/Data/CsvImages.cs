using System.Globalization;
using System.Runtime.InteropServices;
using GpuVae.Formats;

namespace GpuVae.Data;

/// <summary>
/// Images as lines of numbers with commas between them, as MNIST is passed round: the label first, then the pixels, row after row. A header
/// may say which column is the label (<c>label</c>, <c>class</c>, <c>target</c> or <c>y</c>), or, naming none of these, that there is none.
/// As many pixels as a square has are one; any other number is a signal, an image of one row. Where all are whole numbers up to 255 they
/// are levels of bytes, else floats.
/// </summary>
internal static class CsvImages
{
    // "0.12345678,"
    private const int MaxBytesPerValue = 16;

    private static readonly string[] LabelColumns = ["label", "class", "target", "y"];

    /// <exception cref="BadInputException">A line is not as it should be, or there are too many values.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet Load(string path, DataOptions options, CancellationToken cancellation)
    {
        long most = options.MaxValues;
        var bytes = new List<byte>();
        List<float>? floats = null;
        var labels = new List<string>();
        int columns = 0, labelColumn = 0, line = 0;
        foreach (string text in InputFile.ReadLines(path, MaxBytesPerValue * most))
        {
            cancellation.ThrowIfCancellationRequested();
            line++;
            if (string.IsNullOrWhiteSpace(text))
                continue;
            if (columns == 0)
            {
                string[] cells = text.Split(',', StringSplitOptions.TrimEntries);
                columns = cells.Length;
                if (columns < 2)
                    throw Bad(path, line, "there are no values with commas between them");
                if (!IsNumber(cells[^1]) && !IsNumber(cells[1]))
                {
                    labelColumn = Array.FindIndex(cells, cell => LabelColumns.Contains(cell.Trim('"').ToLowerInvariant()));
                    continue;
                }
            }
            int column = 0;
            foreach (Range range in text.AsSpan().Split(','))
            {
                ReadOnlySpan<char> cell = text.AsSpan(range).Trim();
                if (column++ == labelColumn)
                    labels.Add(cell.Trim('"').ToString());
                else if (floats is null && byte.TryParse(cell, NumberStyles.None, CultureInfo.InvariantCulture, out byte level))
                    bytes.Add(level);
                else if (float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value))
                    (floats ??= [.. bytes.Select(earlier => (float)earlier)]).Add(value);
                else
                    throw Bad(path, line, $"column {column} is `{cell}`, which is no finite number");
            }
            if (column != columns)
                throw Bad(path, line, $"there are {column} values, in the lines before {columns}");
            options.RequireKeeps(Math.Max(bytes.Count, floats?.Count ?? 0), path);
        }
        int pixels = columns - (labelColumn >= 0 ? 1 : 0), count = (floats?.Count ?? bytes.Count) / Math.Max(1, pixels);
        if (count == 0)
            throw new BadInputException($"{path} holds no images: there is no line of numbers. Name another file.");
        int side = (int)Math.Round(Math.Sqrt(pixels));
        ImageShape shape = side * side == pixels ? new ImageShape(side, side) : new ImageShape(pixels, 1);
        PixelArray images = floats is null
            ? new PixelArray(shape, PixelFormat.Byte, [.. bytes])
            : new PixelArray(shape, PixelFormat.Single, MemoryMarshal.AsBytes<float>(CollectionsMarshal.AsSpan(floats)).ToArray());
        (int[]? numbers, string[]? names) = Numbers(labels);
        return new ImageSet(Path.GetFileName(path), images, numbers, names);
    }

    /// <summary>Labels that are numbers are those; words are numbered in ordinal order.</summary>
    private static (int[]? Labels, string[]? Names) Numbers(List<string> labels)
    {
        const int most = 1_000_000;
        if (labels.Count == 0)
            return (null, null);
        int[] numbers =
            [.. labels.Select(label => int.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : -1)];
        if (numbers.All(number => number is >= 0 and <= most))
            return (numbers, null);
        string[] names = [.. labels.Distinct().Order(StringComparer.Ordinal)];
        return ([.. labels.Select(label => Array.BinarySearch(names, label, StringComparer.Ordinal))], names);
    }

    private static bool IsNumber(string text) => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static BadInputException Bad(string path, int line, string what) =>
        new($"{path}, line {line}: {what}. Correct or remove the line.");
}
