using System.Text.Json;
using GpuVae.Formats;
using Parquet;
using Parquet.Schema;

namespace GpuVae.Parquet;

/// <summary>The pictures and labels of Parquet files, one file after the other, as they are stored: not decoded, in memory.</summary>
/// <param name="most">Bytes of them together.</param>
internal sealed class PictureRows(long most)
{
    private const int MaxLabel = 1_000_000;

    private static readonly string[] LabelColumns = ["label", "labels", "fine_label", "class"];

    private readonly List<int> labels = [];
    private readonly List<string> words = [];
    private long bytes;

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
    /// <exception cref="BadInputException">It is damaged, has no pictures, or they take more memory than they may.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public void Read(string path, CancellationToken cancellation)
    {
        using FileStream stream = InputFile.Open(path);
        try
        {
            ReadAsync(path, stream, cancellation).GetAwaiter().GetResult();
        }
        // The library throws whatever a damaged file leads it to.
        catch (Exception error) when (error is not (BadInputException or OperationCanceledException))
        {
            throw new BadInputException(
                $"{path} is not a valid Parquet file: {error.Message.TrimEnd('.')}. Download or copy the file again.", error);
        }
    }

    private async Task ReadAsync(string path, FileStream stream, CancellationToken cancellation)
    {
        await using ParquetReader reader = await ParquetReader.CreateAsync(
            stream, leaveStreamOpen: true, cancellationToken: cancellation).ConfigureAwait(false);
        DataField[] fields = reader.Schema.GetDataFields();
        DataField pictures = PicturesOf(path, fields);
        DataField? label = LabelColumns.Select(name => Array.Find(fields, field => field.Name == name && field.Path.FirstPart == name))
            .FirstOrDefault(field => field is not null);
        LabelNames ??= label is null ? null : NamesOf(reader.CustomMetadata, label.Name);
        for (int group = 0; group < reader.RowGroupCount; group++)
        {
            cancellation.ThrowIfCancellationRequested();
            using ParquetRowGroupReader rows = reader.OpenRowGroupReader(group);
            // A picture takes more than a byte: so many rows cannot be there.
            if (rows.RowCount < 0 || rows.RowCount > stream.Length)
                throw new InvalidDataException($"it declares {rows.RowCount} rows");
            byte[]?[] contents = new byte[]?[rows.RowCount];
            await rows.ReadAsync(pictures, contents.AsMemory(), cancellationToken: cancellation).ConfigureAwait(false);
            foreach (byte[]? content in contents)
                Add(path, content);
            if (label is not null)
                await ReadLabels(path, rows, label, contents.Length, cancellation).ConfigureAwait(false);
        }
    }

    private void Add(string path, byte[]? content)
    {
        string title = $"{path}: picture {Files.Count}";
        if (content is not { Length: > 0 })
            throw new BadInputException(
                $"{title} is not in the file, which has its path alone or nothing. Download the set with its pictures.");
        bytes += content.Length;
        if (bytes > most)
            throw new BadInputException(
                $"{path}: its pictures have more than the {most} bytes that are kept. Take fewer files, or raise DataOptions.MaxPixels.");
        Files.Add(new MemoryFile($"{Files.Count}", title, content));
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

    private static DataField PicturesOf(string path, DataField[] fields)
    {
        DataField[] may = [.. fields.Where(field => field.Name == "bytes" && field.Path.FirstPart != field.Name)];
        return may.Length == 1 ? may[0] : Array.Find(may, field => field.Path.FirstPart is "image" or "img") ?? throw new BadInputException(
            $"{path} has no column of pictures, image {{bytes, path}}, as Hugging Face's image sets have; its columns are "
            + $"{string.Join(", ", fields.Select(field => field.Path))}. Name another file.");
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
