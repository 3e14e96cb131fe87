using GpuVae.Formats;
using Parquet;
using Parquet.Schema;

namespace GpuVae.Parquet;

/// <summary>Pictures of Parquet files, read a row group at a time; the few groups that were used last are kept in memory.</summary>
/// <param name="most">Bytes of the pictures of a group.</param>
internal sealed class RowGroups(long most)
{
    // Whoever goes through a set from its beginning to its end, with several threads, too, is in one group or in two neighbours.
    private const int MostKept = 3;

    private readonly Lock door = new();
    private readonly List<(string Path, int Group, byte[]?[] Pictures)> kept = [];

    /// <summary>A row's picture as it is stored, null where there is none.</summary>
    /// <exception cref="BadInputException">The file cannot be read, is damaged, or its pictures take more memory than they may.</exception>
    public byte[]? Picture(string path, int group, int row)
    {
        lock (door)
        {
            int at = kept.FindLastIndex(other => other.Group == group && other.Path == path);
            byte[]?[] pictures = at < 0 ? ParquetFile.Read(path, reader => Load(path, reader, group)) : kept[at].Pictures;
            if (at >= 0)
                kept.RemoveAt(at);
            else if (kept.Count == MostKept)
                kept.RemoveAt(0);
            kept.Add((path, group, pictures));
            return row < pictures.Length ? pictures[row] : null;
        }
    }

    private async Task<byte[]?[]> Load(string path, ParquetReader reader, int group)
    {
        DataField field = ParquetFile.PicturesOf(path, reader.Schema.GetDataFields());
        using ParquetRowGroupReader rows = reader.OpenRowGroupReader(group);
        Require(path, rows.GetMetadata(field)?.MetaData?.TotalUncompressedSize ?? 0);
        byte[]?[] pictures = new byte[]?[rows.RowCount];
        await rows.ReadAsync(field, pictures.AsMemory()).ConfigureAwait(false);
        Require(path, pictures.Sum(picture => picture?.LongLength ?? 0));
        return pictures;
    }

    private void Require(string path, long bytes)
    {
        if (bytes > most)
            throw new BadInputException(
                $"{path}: the pictures of one of its row groups have more than the {most} bytes that are kept at a time. Write it with "
                + "smaller row groups, or raise DataOptions.MaxPixels.");
    }
}

/// <summary>The picture of a row.</summary>
/// <param name="groups">Where it is.</param>
/// <param name="path">Of its file.</param>
/// <param name="group">Of the file.</param>
/// <param name="row">Of the group.</param>
/// <param name="number">In the set.</param>
internal sealed class RowPicture(RowGroups groups, string path, int group, int row, int number)
    : DataFile($"{number}", $"{path}: picture {number}")
{
    private long length;

    public override long Length => length;

    public override byte[] ReadAll(long most)
    {
        byte[]? content = groups.Picture(path, group, row);
        if (content is not { Length: > 0 })
            throw new BadInputException(
                $"{Title} is not in the file, which has its path alone or nothing. Download the set with its pictures.");
        length = content.Length;
        return length <= most ? content : throw TooLarge(most);
    }
}
