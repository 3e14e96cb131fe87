using System.Globalization;
using System.Text;
using GpuVae.Formats;

namespace GpuVae.Data;

/// <summary>
/// What is known of the images of a folder, as comma-separated values in the file <c>attributes.csv</c> beside them: a header
/// <c>file,glasses,smile,…</c>, then one row an image, its file named relative to the folder. A column whose first value is a number is a
/// continuous factor, and an image has its attribute above the middle between the smallest and the largest number: 0 and 1 as well as −1
/// and 1 say no and yes. Any other column is a categorical factor of words. Values with commas stand in double quotes.
/// </summary>
internal static class AttributesFile
{
    public const string FileName = "attributes.csv";

    private const string FileColumn = "file";

    // A set of 200,000 faces with 40 attributes has 26 million bytes.
    private const int MaxBytes = 64 << 20, MaxColumns = 10_000;

    /// <summary>The factors of the images at <paramref name="paths"/>; null where the folder has no such file.</summary>
    /// <exception cref="BadInputException">A row is not as it should be, or an image has none.</exception>
    public static Factor[]? Read(string folder, string[] paths)
    {
        string path = Path.Combine(folder, FileName);
        if (!Path.Exists(path))
            return null;
        var indexOf = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < paths.Length; i++)
            indexOf.Add(Normalise(Path.GetRelativePath(folder, paths[i])), i);

        string[] names = [];
        Column[]? columns = null;
        int[] lineOf = new int[paths.Length];
        int line = 0;
        foreach (string text in InputFile.ReadLines(path, MaxBytes))
        {
            line++;
            if (line > 1 && string.IsNullOrWhiteSpace(text))
                continue;
            string[] cells = Split(path, line, text);
            if (line == 1)
            {
                names = cells;
                CheckHeader(path, names);
                continue;
            }
            if (cells.Length != names.Length)
                throw Bad(path, line, $"there are {cells.Length} values, the header names {names.Length}");
            if (!indexOf.TryGetValue(Normalise(cells[0]), out int image))
                throw Bad(path, line, $"the folder has no image {cells[0]}");
            if (lineOf[image] > 0)
                throw Bad(path, line, $"{cells[0]} was in line {lineOf[image]} already");
            int empty = Array.IndexOf(cells, "");
            if (empty >= 0)
                throw Bad(path, line, $"{names[empty]} has no value");
            lineOf[image] = line;
            columns ??= [.. cells.Skip(1).Select(cell => new Column(paths.Length, IsNumber(cell, out _)))];
            for (int c = 0; c < columns.Length; c++)
                if (columns[c].Put(image, cells[c + 1]) is { } fault)
                    throw Bad(path, line, $"{names[c + 1]} (column {c + 2}) is `{cells[c + 1]}`, {fault}");
        }
        if (line == 0)
            CheckHeader(path, names);
        int missing = Array.IndexOf(lineOf, 0);
        if (missing >= 0)
            throw new BadInputException($"{path} has no row for {paths[missing]}. Add one, or remove the image.");
        return [.. names.Skip(1).Zip(columns!, (name, column) => column.ToFactor(name))];
    }

    private static void CheckHeader(string path, string[] names)
    {
        if (names.Length < 2 || !names[0].Equals(FileColumn, StringComparison.OrdinalIgnoreCase))
            throw Bad(path, 1, $"the header must be `{FileColumn},` and the names of the attributes");
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (int c = 0; c < names.Length; c++)
            if (names[c].Length == 0 || !seen.Add(names[c]))
                throw Bad(path, 1, $"column {c + 1} has {(names[c].Length == 0 ? "no name" : $"the name of another, {names[c]}")}");
    }

    /// <summary>Whether the text is meant as a number, if only as one that cannot be used.</summary>
    private static bool IsNumber(string text, out float value)
    {
        if (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
            return true;
        value = float.NaN;
        return text.TrimStart('+', '-').Equals("inf", StringComparison.OrdinalIgnoreCase);
    }

    private static string Normalise(string path) => path.Replace('\\', '/');

    /// <summary>Cells are trimmed; within double quotes a comma is text, and two quotes are one.</summary>
    private static string[] Split(string path, int line, string text)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
            if (text[i] == '"')
            {
                if (quoted && i + 1 < text.Length && text[i + 1] == '"')
                    cell.Append(text[i++]);
                else
                    quoted = !quoted;
            }
            else if (text[i] == ',' && !quoted)
            {
                if (cells.Count == MaxColumns)
                    throw Bad(path, line, $"there are more than {MaxColumns} values");
                cells.Add(cell.ToString().Trim());
                cell.Clear();
            }
            else
                cell.Append(text[i]);
        if (quoted)
            throw Bad(path, line, "a quotation mark is not closed");
        cells.Add(cell.ToString().Trim());
        return [.. cells];
    }

    private static BadInputException Bad(string path, int line, string what) =>
        new($"{path}, line {line}: {what}. Correct or remove the line.");

    /// <summary>The values of one attribute, numbers or words, as they come.</summary>
    private sealed class Column(int count, bool isNumber)
    {
        private readonly float[] values = new float[count];
        private readonly Dictionary<string, int> words = new(StringComparer.Ordinal);

        /// <summary>Takes the value of an image, or says what is wrong with it.</summary>
        public string? Put(int image, string text)
        {
            if (!isNumber)
            {
                if (!words.TryGetValue(text, out int word))
                    words.Add(text, word = words.Count);
                values[image] = word;
                return null;
            }
            return !IsNumber(text, out values[image]) ? "but its first value is a number"
                : float.IsFinite(values[image]) ? null : "which is no finite number";
        }

        public Factor ToFactor(string name)
        {
            if (isNumber)
                return Factor.Continuous(name, values, (values.Min() + values.Max()) / 2);
            string[] sorted = [.. words.Keys.Order(StringComparer.Ordinal)];
            int[] places = new int[sorted.Length];
            for (int i = 0; i < sorted.Length; i++)
                places[words[sorted[i]]] = i;
            return Factor.Categorical(name, sorted, [.. values.Select(word => places[(int)word])]);
        }
    }
}
