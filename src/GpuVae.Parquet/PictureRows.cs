using System.Text.Json;
using GpuVae.Formats;
using Parquet;
using Parquet.Schema;

namespace GpuVae.Parquet;

/// <summary>The rows of Parquet files, one file after the other: their labels, and where their pictures are.</summary>
/// <param name="groups">Reads the pictures.</param>
internal sealed class PictureRows(RowGroups groups)
{
    private const int MaxLabel = 1_000_000;

    private static readonly string[] LabelColumns = ["label", "labels", "fine_label", "class"];

    private readonly List<int> labels = [];
    private readonly List<string> words = [];

    /// <summary>Row by row.</summary>
    public List<DataFile> Files { get; } = [];

    /// <summary>One for each picture; null where there are none.</summary>
    public int[]? Labels =>
        words.Count > 0 ? [.. words.Select(word => Array.BinarySearch(LabelNames!, word, StringComparer.Ordinal))]
        : labels.Count == Files.Count ? [.. labels]
        : null;

    /// <summary>As the files tell; of labels that are words, these.</summary>
    public string[]? LabelNames
    {
        get => words.Count > 0 ? field ??= [.. words.Distinct().Order(StringComparer.Ordinal)] : field;
        private set;
    }

    /// <summary>Adds the rows of a file.</summary>
    /// <exception cref="BadInputException">It is damaged, or has no pictures.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public void Read(string path, CancellationToken cancellation) =>
        ParquetFile.Read(path, reader => ReadAsync(path, reader, cancellation), cancellation);

    private async Task<int> ReadAsync(string path, ParquetReader reader, CancellationToken cancellation)
    {
        DataField[] fields = reader.Schema.GetDataFields();
        ParquetFile.PicturesOf(path, fields);
        DataField? label = LabelColumns.Select(name => Array.Find(fields, field => field.Name == name && field.Path.FirstPart == name))
            .FirstOrDefault(field => field is not null);
        LabelNames ??= label is null ? null : NamesOf(reader.CustomMetadata, label.Name);
        long all = 0, most = new FileInfo(path).Length;
        for (int group = 0; group < reader.RowGroupCount; group++)
        {
            cancellation.ThrowIfCancellationRequested();
            using ParquetRowGroupReader rows = reader.OpenRowGroupReader(group);
            all += rows.RowCount;
            // A picture takes more than a byte: so many rows cannot be there.
            if (rows.RowCount < 0 || all > most)
                throw new InvalidDataException($"it declares {rows.RowCount} rows");
            for (int row = 0; row < rows.RowCount; row++)
                Files.Add(new RowPicture(groups, path, group, row, Files.Count));
            if (label is not null)
                await ReadLabels(path, rows, label, (int)rows.RowCount, cancellation).ConfigureAwait(false);
        }
        return reader.RowGroupCount;
    }

    private async Task ReadLabels(
        string path, ParquetRowGroupReader rows, DataField label, int count, CancellationToken cancellation)
    {
        if (label.ClrType == typeof(ReadOnlyMemory<char>))
        {
            string?[] texts = new string?[count];
            await rows.ReadAsync(label, texts.AsMemory(), cancellationToken: cancellation).ConfigureAwait(false);
            words.AddRange(texts.Select((text, i) => text ?? throw NoLabel(path, Files.Count - count + i)));
            return;
        }
        long?[] numbers = label.ClrType switch
        {
            var t when t == typeof(long) => await Numbers<long>(rows, label, count, n => n, cancellation).ConfigureAwait(false),
            var t when t == typeof(int) => await Numbers<int>(rows, label, count, n => n, cancellation).ConfigureAwait(false),
            var t when t == typeof(short) => await Numbers<short>(rows, label, count, n => n, cancellation).ConfigureAwait(false),
            var t when t == typeof(byte) => await Numbers<byte>(rows, label, count, n => n, cancellation).ConfigureAwait(false),
            _ => throw new BadInputException($"{path}: the column {label.Name} holds neither whole numbers nor words, so no labels."),
        };
        for (int i = 0; i < count; i++)
        {
            int row = Files.Count - count + i;
            long number = numbers[i] ?? throw NoLabel(path, row);
            if (number < 0 || number >= (LabelNames?.Length ?? MaxLabel))
                throw new BadInputException(
                    $"{path}: the label of picture {row} is {number}, which is out of range. Download the set again.");
            labels.Add((int)number);
        }
    }

    private static async Task<long?[]> Numbers<T>(
        ParquetRowGroupReader rows, DataField label, int count, Func<T, long> widen, CancellationToken cancellation)
        where T : struct
    {
        if (label.IsNullable)
        {
            var optional = new T?[count];
            await rows.ReadAsync<T>(label, optional.AsMemory(), cancellationToken: cancellation).ConfigureAwait(false);
            return [.. optional.Select(value => value is { } given ? widen(given) : (long?)null)];
        }
        var values = new T[count];
        await rows.ReadAsync<T>(label, values.AsMemory(), cancellationToken: cancellation).ConfigureAwait(false);
        return [.. values.Select(value => (long?)widen(value))];
    }

    /// <summary>What the library `datasets` writes about a column of labels.</summary>
    private static string[]? NamesOf(IReadOnlyDictionary<string, string> metadata, string column)
    {
        if (!metadata.TryGetValue("huggingface", out string? json))
            return null;
        try
        {
            using var document = JsonDocument.Parse(json);
            JsonElement names = document.RootElement.GetProperty("info").GetProperty("features").GetProperty(column).GetProperty("names");
            return [.. names.EnumerateArray().Select(name => name.GetString()!)];
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static BadInputException NoLabel(string path, int row) =>
        new($"{path}: picture {row} has no label, others have. Remove the row, or the column.");
}
