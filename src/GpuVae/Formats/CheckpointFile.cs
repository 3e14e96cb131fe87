using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GpuVae.Formats;

/// <summary>
/// A container for the state of a run: a JSON header and named binary sections, closed by the SHA-256 of everything before it.
/// <code>
/// "GPUVAECK"  uint32 version  uint32 length of the header  int64 length of the file      (little-endian)
/// header      {"header": …, "sections": [{"name", "bytes"}, …]}                          UTF-8
/// sections    one after the other
/// SHA-256     32 bytes
/// </code>
/// What the sections mean is the business of whoever writes them.
/// </summary>
internal sealed class CheckpointFile(JsonObject header)
{
    private const int Version = 1, PrefixBytes = 24, DigestBytes = SHA256.HashSizeInBytes;
    private static ReadOnlySpan<byte> Magic => "GPUVAECK"u8;

    private readonly Dictionary<string, (int Bytes, Func<byte[]> Content)> sections = [];
    private string source = "the checkpoint";

    public JsonObject Header { get; } = header;

    /// <summary>Adds a section. The array is kept, not copied, and must stay as it is until the file is written.</summary>
    /// <exception cref="ArgumentException">There is a section of that name.</exception>
    public void Add(string name, byte[] content) => Add(name, content.Length, () => content);

    /// <summary>Adds a section of a known length whose content is asked for when it is written, and may be reused then.</summary>
    /// <inheritdoc cref="Add(string, byte[])"/>
    public void Add(string name, int bytes, Func<byte[]> content) => sections.Add(name, (bytes, content));

    /// <summary>Whether there is a section of this name.</summary>
    public bool Contains(string name) => sections.ContainsKey(name);

    /// <exception cref="BadInputException">There is no such section.</exception>
    public byte[] Get(string name) => sections.TryGetValue(name, out (int Bytes, Func<byte[]> Content) section)
        ? section.Content()
        : throw new BadInputException($"{source} has no section \"{name}\": it belongs to another kind of run. Start a new one.");

    /// <summary>Copies a section, which must have exactly as many values, into <paramref name="destination"/>.</summary>
    /// <exception cref="BadInputException">There is no such section, or its length differs.</exception>
    public void GetFloats(string name, Span<float> destination)
    {
        RequireFloats(name, destination.Length);
        LittleEndian.Read(new MemoryStream(Get(name)), destination);
    }

    /// <summary>Asks for a section of exactly so many values, before there is memory for them anywhere else.</summary>
    /// <exception cref="BadInputException">There is no such section, or its length differs.</exception>
    public void RequireFloats(string name, long count)
    {
        int bytes = Get(name).Length;
        if (bytes != count * sizeof(float))
            throw new BadInputException(
                $"{source}: section \"{name}\" has {bytes} bytes, {count * sizeof(float)} are needed: it belongs to another architecture. "
                + "Resume with the options the run was started with.");
    }

    /// <summary>Writes by way of a temporary name, flushed to the disk: under the final name there is always a whole checkpoint.</summary>
    /// <exception cref="IOException">The disk is full or the place cannot be written; the previous checkpoint stays.</exception>
    public void Write(string path)
    {
        var list = new JsonArray([.. sections.Select(s => new JsonObject { ["name"] = s.Key, ["bytes"] = s.Value.Bytes })]);
        byte[] json = Encoding.UTF8.GetBytes(new JsonObject { ["header"] = Header.DeepClone(), ["sections"] = list }.ToJsonString());
        byte[] prefix = new byte[PrefixBytes];
        Magic.CopyTo(prefix);
        BinaryPrimitives.WriteInt32LittleEndian(prefix.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(prefix.AsSpan(12), json.Length);
        long total = PrefixBytes + json.Length + sections.Values.Sum(section => (long)section.Bytes) + DigestBytes;
        BinaryPrimitives.WriteInt64LittleEndian(prefix.AsSpan(16), total);

        AtomicFile.Write(path, stream =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            IEnumerable<byte[]> parts = ((byte[][])[prefix, json]).Concat(sections.Values.Select(section => section.Content()));
            foreach (byte[] part in parts)
            {
                hash.AppendData(part);
                stream.Write(part);
            }
            stream.Write(hash.GetHashAndReset());
        });
    }

    /// <summary>Reads and verifies a whole checkpoint; nothing is allocated by a length that the checksum has not confirmed.</summary>
    /// <exception cref="BadInputException">The file is missing, of another kind or version, truncated or damaged.</exception>
    public static CheckpointFile Read(string path)
    {
        try
        {
            using FileStream stream = InputFile.Open(path);
            byte[] prefix = new byte[PrefixBytes];
            int got = stream.ReadAtLeast(prefix, PrefixBytes, throwOnEndOfStream: false);
            if (!prefix.AsSpan(0, Math.Min(got, Magic.Length)).SequenceEqual(Magic[..Math.Min(got, Magic.Length)]))
                throw Bad(path, "it does not begin like one");
            if (got < PrefixBytes)
                throw Bad(path, $"it is truncated: it has only {got} bytes");
            uint version = BinaryPrimitives.ReadUInt32LittleEndian(prefix.AsSpan(8));
            if (version != Version)
                throw Bad(path, $"its format version is {version}, this program knows {Version}; use the program version that wrote it");
            uint headerBytes = BinaryPrimitives.ReadUInt32LittleEndian(prefix.AsSpan(12));
            long declared = BinaryPrimitives.ReadInt64LittleEndian(prefix.AsSpan(16));
            if (declared != stream.Length)
                throw Bad(path, $"it has {stream.Length} bytes instead of {declared}: it is truncated or something was appended");
            if (PrefixBytes + headerBytes + DigestBytes > declared)
                throw Bad(path, $"it declares a header of {headerBytes} bytes");
            Verify(stream, path);

            stream.Position = PrefixBytes;
            byte[] json = new byte[headerBytes];
            stream.ReadExactly(json);
            return ReadSections(stream, json, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw InputFile.NotRead(path, error);
        }
    }

    /// <summary>The checksum says that a header is whole, not that this program wrote it.</summary>
    private static CheckpointFile ReadSections(FileStream stream, byte[] json, string path)
    {
        JsonObject header;
        (string Name, int Bytes)[] list;
        try
        {
            JsonNode contents = JsonNode.Parse(json, documentOptions: OptionsJson.Strict)!;
            header = contents["header"]!.AsObject();
            list = [.. contents["sections"]!.AsArray().Select(section => ((string)section!["name"]!, (int)section["bytes"]!))];
        }
        catch (Exception error) when (
            error is JsonException or InvalidOperationException or FormatException or OverflowException or NullReferenceException
                or ArgumentException)
        {
            throw Bad(path, "its header is not as it should be", error);
        }
        long rest = stream.Length - DigestBytes - stream.Position;
        if (list.Any(section => section.Bytes < 0) || list.Sum(section => (long)section.Bytes) != rest)
            throw Bad(path, "the lengths of its sections are not those of its data");
        if (list.DistinctBy(section => section.Name).Count() < list.Length)
            throw Bad(path, "a section is there twice");
        var checkpoint = new CheckpointFile((JsonObject)header.DeepClone()) { source = path };
        foreach ((string name, int length) in list)
        {
            byte[] bytes = new byte[length];
            stream.ReadExactly(bytes);
            checkpoint.Add(name, bytes);
        }
        return checkpoint;
    }

    private static void Verify(FileStream stream, string path)
    {
        stream.Position = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        for (long left = stream.Length - DigestBytes; left > 0;)
        {
            int count = (int)Math.Min(left, buffer.Length);
            stream.ReadExactly(buffer, 0, count);
            hash.AppendData(buffer, 0, count);
            left -= count;
        }
        stream.ReadExactly(buffer, 0, DigestBytes);
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(buffer.AsSpan(0, DigestBytes)))
            throw Bad(path, "its checksum differs, so some of it was changed or lost");
    }

    private static BadInputException Bad(string path, string what, Exception? inner = null) =>
        new($"{path} is not a valid checkpoint: {what}. Take an older copy or start a new run.", inner);
}
