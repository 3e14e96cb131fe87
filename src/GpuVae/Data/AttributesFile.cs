using System.Globalization;
using System.Text;

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

    /// <summary>The factors of the images at <paramref name="paths"/>; null where the folder has no such file.</summary>
    /// <exception cref="BadInputException">A row is not as it should be, or an image has none.</exception>
    public static Factor[]? Read(string folder, string[] paths)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return null;
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} could not be read: {error.Message}", error);
        }

        string[] names = lines.Length == 0 ? [] : Split(path, 1, lines[0]);
        if (names.Length < 2 || !names[0].Equals(FileColumn, StringComparison.OrdinalIgnoreCase))
            throw Bad(path, 1, $"the header must be `{FileColumn},` and the names of the attributes");
        for (int c = 0; c < names.Length; c++)
            if (names[c].Length == 0 || Array.FindIndex(names, name => name.Equals(names[c], StringComparison.OrdinalIgnoreCase)) < c)
                throw Bad(path, 1, $"column {c + 1} has {(names[c].Length == 0 ? "no name" : $"the name of another, {names[c]}")}");

        var indexOf = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < paths.Length; i++)
            indexOf.Add(Normalise(Path.GetRelativePath(folder, paths[i])), i);
        var rows = new (int Line, string[] Cells)[paths.Length];
        for (int line = 2; line <= lines.Length; line++)
        {
            if (string.IsNullOrWhiteSpace(lines[line - 1]))
                continue;
            string[] cells = Split(path, line, lines[line - 1]);
            if (cells.Length != names.Length)
                throw Bad(path, line, $"there are {cells.Length} values, the header names {names.Length}");
            if (!indexOf.TryGetValue(Normalise(cells[0]), out int image))
                throw Bad(path, line, $"the folder has no image {cells[0]}");
            if (rows[image].Line > 0)
                throw Bad(path, line, $"{cells[0]} was in line {rows[image].Line} already");
            int empty = Array.IndexOf(cells, "");
            if (empty >= 0)
                throw Bad(path, line, $"{names[empty]} has no value");
            rows[image] = (line, cells);
        }
        int missing = Array.FindIndex(rows, row => row.Line == 0);
        if (missing >= 0)
            throw new BadInputException($"{path} has no row for {paths[missing]}. Add one, or remove the image.");
        return [.. names.Select((name, column) => (name, column)).Skip(1).Select(of => Column(path, of.name, of.column, rows))];
    }

    private static Factor Column(string path, string name, int column, (int Line, string[] Cells)[] rows)
    {
        if (!IsNumber(rows.MinBy(row => row.Line).Cells[column], out _))
        {
            string[] words = [.. rows.Select(row => row.Cells[column]).Distinct().Order(StringComparer.Ordinal)];
            int[] indices = [.. rows.Select(row => Array.BinarySearch(words, row.Cells[column], StringComparer.Ordinal))];
            return Factor.Categorical(name, words, indices);
        }
        float[] values = new float[rows.Length];
        for (int i = 0; i < values.Length; i++)
            if (!IsNumber(rows[i].Cells[column], out values[i]))
                throw Bad(path, rows[i].Line, $"{name} is `{rows[i].Cells[column]}`, but its first value is a number");
        return Factor.Continuous(name, values, (values.Min() + values.Max()) / 2);
    }

    private static bool IsNumber(string text, out float value) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value);

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
}
