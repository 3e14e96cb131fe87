using GpuVae.Formats;
using Parquet;
using Parquet.Schema;

namespace GpuVae.Parquet;

/// <summary>A Parquet file with a column of pictures.</summary>
internal static class ParquetFile
{
    /// <summary>Opens a file, reads some of it, and closes it.</summary>
    /// <exception cref="BadInputException">It cannot be read, or is damaged.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static T Read<T>(string path, Func<ParquetReader, Task<T>> read, CancellationToken cancellation = default)
    {
        using FileStream stream = InputFile.Open(path);
        try
        {
            return ReadAsync().GetAwaiter().GetResult();
        }
        // The library throws whatever a damaged file leads it to.
        catch (Exception error) when (error is not (BadInputException or OperationCanceledException))
        {
            throw new BadInputException(
                $"{path} is not a valid Parquet file: {error.Message.TrimEnd('.')}. Download or copy the file again.", error);
        }

        async Task<T> ReadAsync()
        {
            await using ParquetReader reader = await ParquetReader.CreateAsync(
                stream, leaveStreamOpen: true, cancellationToken: cancellation).ConfigureAwait(false);
            return await read(reader).ConfigureAwait(false);
        }
    }

    /// <summary>The column <c>bytes</c> of the pictures.</summary>
    /// <exception cref="BadInputException">There is none.</exception>
    public static DataField PicturesOf(string path, DataField[] fields)
    {
        DataField[] may = [.. fields.Where(field => field.Name == "bytes" && field.Path.FirstPart != field.Name)];
        return may.Length == 1 ? may[0] : Array.Find(may, field => field.Path.FirstPart is "image" or "img") ?? throw new BadInputException(
            $"{path} has no column of pictures, image {{bytes, path}}, as Hugging Face's image sets have; its columns are "
            + $"{string.Join(", ", fields.Select(field => field.Path))}. Name another file.");
    }
}
