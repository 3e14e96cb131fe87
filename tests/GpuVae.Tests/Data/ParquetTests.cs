using System.Runtime.CompilerServices;
using GpuVae.Data;
using GpuVae.Options;
using GpuVae.Parquet;
using Parquet;
using Parquet.Schema;
using static GpuVae.Tests.Data.FormatFiles;

namespace GpuVae.Tests.Data;

public class ParquetTests
{
    private const string Names = """{"info": {"features": {"label": {"names": ["zebra", "ape"], "_type": "ClassLabel"}}}}""";

    public ParquetTests() => ParquetImages.Register();

    [Fact]
    public async Task HuggingFacesImageSetsAreRead()
    {
        using var folder = new TemporaryFolder();
        byte[][] pictures = [Png(3, 2, 3, 10), Png(3, 2, 3, 20), Png(3, 2, 3, 30)];
        folder.Write("set/data/train-00000-of-00002.parquet", await File(pictures[..2], [1L, 0L], Names));
        folder.Write("set/data/train-00001-of-00002.parquet", await File(pictures[2..], [1L], Names));
        folder.Write("set/data/test-00000-of-00001.parquet", await File(pictures[1..2], [0L], Names));
        DataSets sets = DataSource.Load(folder["set"]);
        Assert.Equal((3, 1, new ImageShape(3, 2, 3)), (sets.Train.Count, sets.Test.Count, sets.Train.Shape));
        Assert.Equal([1, 0, 1], sets.Train.Labels!);
        Assert.Equal(["zebra", "ape"], sets.Train.LabelNames!);
        Assert.Equal([10, 20, 30], Enumerable.Range(0, 3).Select(i => sets.Train[i][0]));
        ImageSet one = DataSource.LoadSingle(
            folder["set/data/train-00001-of-00002.parquet"], new DataOptions { Size = new ImageSize(2, 2), Channels = 1 });
        Assert.Equal((1, new ImageShape(2, 2)), (one.Count, one.Shape));
    }

    [Fact]
    public async Task LabelsMayBeWordsOrMissing()
    {
        using var folder = new TemporaryFolder();
        ImageSet words = DataSource.LoadSingle(folder.Write("w.parquet", await File([Png(1, 1, 1, 1), Png(1, 1, 1, 2)], ["b", "a"])));
        Assert.Equal([1, 0], words.Labels!);
        Assert.Equal(["a", "b"], words.LabelNames!);
        Assert.Null(DataSource.LoadSingle(folder.Write("n.parquet", await File<long>([Png(1, 1, 1, 1)], null))).Labels);
    }

    [Fact]
    public async Task DamageIsToldWithTheNameOfTheFile()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = await File([Png(3, 2, 3, 10), Png(3, 2, 3, 20)], [1L, 0L], Names);
        for (int length = 0; length < whole.Length; length += 7)
            Assert.Contains("cut.parquet", Refused(folder.Write("cut.parquet", whole[..length])), StringComparison.Ordinal);
        var random = new Random(1);
        for (int i = 0; i < 100; i++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            string path = folder.Write("hurt.parquet", damaged);
            // Not all damage can be seen, but none may lead to anything but a message.
            if (Record.Exception(() => DataSource.LoadSingle(path)) is { } error)
                Assert.Contains("hurt.parquet", Assert.IsType<BadInputException>(error).Message, StringComparison.Ordinal);
        }
        string empty = folder.Write("e.parquet", await File([[]], [1L]));
        Assert.Contains("is not in the file", Refused(empty), StringComparison.Ordinal);
        string label = folder.Write("l.parquet", await File([Png(1, 1, 1, 1)], [2L], Names));
        Assert.Contains("out of range", Refused(label), StringComparison.Ordinal);
        string more = Refused(folder.Write("m.parquet", whole), new DataOptions { MaxPixels = 5 });
        Assert.Contains("bytes that are kept", more, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFewRowGroupsAreInMemoryAtATime()
    {
        const int groups = 6;
        using var folder = new TemporaryFolder();
        byte[][] pictures = [.. Enumerable.Range(0, 2 * groups).Select(i => Png(1, 1, 1, (byte)i))];
        string path = folder.Write("many.parquet", await File<long>(pictures, null, groups: groups));
        var rows = new RowGroups(most: 1000);
        WeakReference[] read = [.. Enumerable.Range(0, groups).Select(group => Read(rows, path, group))];
        GC.Collect();
        Assert.Equal([false, false, false, true, true, true], read.Select(picture => picture.IsAlive));
        GC.KeepAlive(rows);

        ImageSet set = DataSource.LoadSingle(path, new DataOptions { IsStreamed = true });
        Assert.Equal([7, 0, 11], new[] { 7, 0, 11 }.Select(i => set[i][0]));
    }

    // Not inlined, so that no variable holds the picture.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Read(RowGroups rows, string path, int group) => new(rows.Picture(path, group, row: 1));

    private static async Task<byte[]> File<T>(byte[][] pictures, T[]? labels, string? metadata = null, int groups = 1)
    {
        var bytes = new DataField<byte[]>("bytes");
        var paths = new DataField<string>("path");
        Field[] fields = [new StructField("image", bytes, paths)];
        var label = new DataField("label", typeof(T));
        var schema = new ParquetSchema(labels is null ? fields : [.. fields, label]);
        var stream = new MemoryStream();
        await using (ParquetWriter writer = await ParquetWriter.CreateAsync(schema, stream))
        {
            if (metadata is not null)
                writer.CustomMetadata = new Dictionary<string, string> { ["huggingface"] = metadata };
            int size = pictures.Length / groups;
            for (int first = 0; first < pictures.Length; first += size)
            {
                using ParquetRowGroupWriter group = writer.CreateRowGroup();
                await group.WriteAsync(bytes, pictures[first..(first + size)]);
                await group.WriteAsync(paths, Enumerable.Range(first, size).Select(i => $"{i}.png").ToArray());
                if (labels is string[] words)
                    await group.WriteAsync(label, words[first..(first + size)]);
                if (labels is long[] numbers)
                    await group.WriteAsync<long>(label, numbers.AsMemory(first, size));
                group.CompleteValidate();
            }
        }
        return stream.ToArray();
    }

    private static string Refused(string path, DataOptions? options = null) =>
        Assert.Throws<BadInputException>(() => DataSource.LoadSingle(path, options)).Message;
}
