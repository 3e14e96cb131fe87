using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace GpuVae.Formats;

/// <summary>A tensor as the header of a safetensors file declares it.</summary>
/// <param name="Name">Of the tensor.</param>
/// <param name="Dtype">F32, F64, F16 or BF16.</param>
/// <param name="Shape">Its values fit into an array.</param>
/// <param name="Begin">Its first byte, counted from the end of the header.</param>
/// <param name="End">The byte after its last.</param>
internal sealed record SafetensorsEntry(string Name, string Dtype, int[] Shape, long Begin, long End)
{
    public int Length => Shape.Aggregate(1, (product, side) => product * side);
}

/// <summary>
/// An open safetensors file, see <see cref="SafetensorsFile"/>: its header is read and checked, its data are read when they are asked for,
/// so that whoever knows the shapes that there should be can refuse others before anything is allocated for them.
/// </summary>
internal sealed class SafetensorsReader : IDisposable
{
    /// <summary>The format allows more; of a hundred thousand tensors the header has 12 million bytes.</summary>
    private const long MaxHeaderBytes = 16_000_000;

    private const int ChunkBytes = 1 << 20, MaxDimensions = 64, MaxNameLength = 1000;

    private readonly FileStream stream;
    private readonly long dataStart;

    private SafetensorsReader(string path, FileStream stream)
    {
        (Path, this.stream) = (path, stream);
        (Entries, Metadata) = ReadHeader();
        dataStart = stream.Position;
    }

    private delegate void ChunkAction(ReadOnlySpan<byte> chunk);

    public string Path { get; }

    /// <summary>In the order of their data.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <exception cref="BadInputException">The file is missing, truncated or no valid safetensors file.</exception>
    public static SafetensorsReader Open(string path)
    {
        FileStream stream = InputFile.Open(path);
        try
        {
            return new SafetensorsReader(path, stream);
        }
        catch (Exception error)
        {
            stream.Dispose();
            throw error switch
            {
                // Text that is not UTF-8 is an invalid operation in the eyes of the reader of JSON.
                JsonException or InvalidOperationException or ArgumentException => Bad(path, "its header is not valid JSON", error),
                IOException or UnauthorizedAccessException => InputFile.NotRead(path, error),
                _ => error,
            };
        }
    }

    /// <summary>Reads the values of a tensor as float32.</summary>
    /// <exception cref="BadInputException">The file cannot be read.</exception>
    public NamedTensor Read(SafetensorsEntry entry)
    {
        float[] values = GC.AllocateUninitializedArray<float>(entry.Length);
        int done = 0;
        if (entry.Dtype == "F32")
            Guarded(() =>
            {
                stream.Position = dataStart + entry.Begin;
                LittleEndian.Read<float>(stream, values);
            });
        else
            ForEachChunk(entry, chunk => done += ToSingle(entry.Dtype, chunk, values.AsSpan(done)));
        return new NamedTensor(entry.Name, entry.Shape, values);
    }

    /// <summary>Reads all data without keeping them.</summary>
    /// <returns>The SHA-256 of everything after the header.</returns>
    /// <exception cref="BadInputException">A value is not a finite float32, or the file cannot be read.</exception>
    public string RequireFinite()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (SafetensorsEntry entry in Entries)
            ForEachChunk(entry, chunk =>
            {
                hash.AppendData(chunk);
                if (!AreFinite(entry.Dtype, chunk))
                    throw new BadInputException(
                        $"{Path}: tensor \"{entry.Name}\" holds NaN or infinity, so nothing can be computed with it. "
                        + "Take the weights of an earlier training.");
            });
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The tensors of a model with these parameters, in the parameters' order.</summary>
    /// <param name="parameters">Of the model.</param>
    /// <param name="others">What may be there beside them.</param>
    /// <exception cref="BadInputException">One is missing or of another shape, or there are more.</exception>
    public SafetensorsEntry[] Require(IReadOnlyList<(string Name, int[] Shape)> parameters, params SafetensorsEntry[] others)
    {
        var byName = Entries.ToDictionary(entry => entry.Name);
        var found = new SafetensorsEntry[parameters.Count];
        for (int i = 0; i < found.Length; i++)
        {
            (string name, int[] shape) = parameters[i];
            found[i] = byName.GetValueOrDefault(name) ?? throw Missing(Path, name, byName.Keys);
            if (!found[i].Shape.SequenceEqual(shape))
                throw OtherShape(Path, name, found[i].Shape, shape);
        }
        if (Entries.Except(found).Except(others).FirstOrDefault() is { } extra)
            throw new BadInputException(
                $"{Path} also holds \"{extra.Name}\", which this model does not have: it has more layers. "
                + "Use the options the file was trained with.");
        return found;
    }

    public void Dispose() => stream.Dispose();

    public static BadInputException Missing(string path, string name, IReadOnlyCollection<string> names) =>
        new($"{path} has no tensor \"{name}\": it is a model file of another family. It holds: "
            + string.Join(", ", names.Take(12)) + (names.Count > 12 ? ", …." : "."));

    public static BadInputException OtherShape(string path, string name, int[] found, ReadOnlySpan<int> wanted) =>
        new($"{path}: tensor \"{name}\" has shape [{string.Join(", ", found)}], the model needs [{string.Join(", ", wanted.ToArray())}]. "
            + "Use the options the file was trained with.");

    public static BadInputException Bad(string path, string what, Exception? inner = null) =>
        new($"{path} is not a valid safetensors file: {what}. Copy or export the file again.", inner);

    private void ForEachChunk(SafetensorsEntry entry, ChunkAction action) => Guarded(() =>
    {
        stream.Position = dataStart + entry.Begin;
        byte[] buffer = new byte[Math.Min(entry.End - entry.Begin, ChunkBytes)];
        for (long left = entry.End - entry.Begin; left > 0;)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            stream.ReadExactly(chunk);
            action(chunk);
            left -= chunk.Length;
        }
    });

    private void Guarded(Action read)
    {
        try
        {
            read();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw InputFile.NotRead(Path, error);
        }
    }

    /// <summary>How many values there are.</summary>
    /// <remarks>
    /// Plain loops, here and in <see cref="AreFinite"/>: they are compiled with the program, whereas vector code of the libraries is
    /// compiled when it is first called, and not yet well.
    /// </remarks>
    private static int ToSingle(string dtype, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        switch (dtype)
        {
            case "F64":
                ReadOnlySpan<double> doubles = MemoryMarshal.Cast<byte, double>(bytes);
                for (int i = 0; i < doubles.Length; i++)
                    values[i] = (float)doubles[i];
                return doubles.Length;
            case "F16":
                ReadOnlySpan<System.Half> halves = MemoryMarshal.Cast<byte, System.Half>(bytes);
                for (int i = 0; i < halves.Length; i++)
                    values[i] = (float)halves[i];
                return halves.Length;
            default: // BF16: the upper half of a float32
                ReadOnlySpan<ushort> upper = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < upper.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
                return upper.Length;
        }
    }

    /// <summary>Whether all values are finite as float32.</summary>
    private static bool AreFinite(string dtype, ReadOnlySpan<byte> bytes)
    {
        switch (dtype)
        {
            case "F64":
                foreach (double value in MemoryMarshal.Cast<byte, double>(bytes))
                    if (!float.IsFinite((float)value))
                        return false;
                return true;
            case "F32":
                foreach (float value in MemoryMarshal.Cast<byte, float>(bytes))
                    if (!float.IsFinite(value))
                        return false;
                return true;
            default: // NaN and infinity have all bits of the exponent.
                int exponent = dtype == "F16" ? 0x7C00 : 0x7F80;
                foreach (ushort bits in MemoryMarshal.Cast<byte, ushort>(bytes))
                    if ((bits & exponent) == exponent)
                        return false;
                return true;
        }
    }

    private (List<SafetensorsEntry> Entries, Dictionary<string, string> Metadata) ReadHeader()
    {
        Span<byte> lengthBytes = stackalloc byte[8];
        if (stream.Length < 8)
            throw Bad(Path, $"it is truncated: {stream.Length} bytes are no header");
        stream.ReadExactly(lengthBytes);
        ulong declared = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (declared > MaxHeaderBytes)
            throw Bad(Path, $"it declares a header of {declared} bytes");
        if ((long)declared > stream.Length - 8)
            throw Bad(Path, $"it is truncated: the header has {declared} bytes, {stream.Length - 8} follow");
        byte[] header = new byte[declared];
        stream.ReadExactly(header);
        long dataBytes = stream.Length - stream.Position;

        using var json = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false });
        if (json.RootElement.ValueKind != JsonValueKind.Object)
            throw Bad(Path, "its header is not a JSON object");
        var metadata = new Dictionary<string, string>();
        var entries = new List<SafetensorsEntry>();
        foreach (JsonProperty property in json.RootElement.EnumerateObject())
        {
            if (property.Name == "__metadata__")
                ReadMetadata(property.Value, metadata, Path);
            else
                entries.Add(ReadEntry(property, Path));
        }

        // Data must be covered exactly: gaps could smuggle content in, overlaps would make one weight two.
        long position = 0;
        entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        foreach (SafetensorsEntry entry in entries)
        {
            if (entry.Begin != position)
                throw Bad(Path, $"tensor \"{entry.Name}\" begins at byte {entry.Begin} instead of {position}: it overlaps or leaves a gap");
            position = entry.End;
        }
        if (position != dataBytes)
            throw Bad(Path, position > dataBytes
                ? $"it is truncated: the tensors need {position} bytes of data, {dataBytes} are there"
                : $"{dataBytes - position} bytes follow the last tensor");

        return (entries, metadata);
    }

    private static void ReadMetadata(JsonElement element, Dictionary<string, string> metadata, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw Bad(path, "its __metadata__ is not a JSON object");
        foreach (JsonProperty item in element.EnumerateObject())
        {
            if (item.Value.ValueKind != JsonValueKind.String)
                throw Bad(path, $"its metadata \"{item.Name}\" is not a string");
            metadata[item.Name] = item.Value.GetString()!;
        }
    }

    private static SafetensorsEntry ReadEntry(JsonProperty property, string path)
    {
        string name = property.Name;
        if (name.Length > MaxNameLength)
            throw Bad(path, $"the name of a tensor has {name.Length} characters");
        JsonElement value = property.Value;
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out JsonElement dtypeValue) || dtypeValue.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out JsonElement shapeValue) || shapeValue.ValueKind != JsonValueKind.Array
            || !value.TryGetProperty("data_offsets", out JsonElement offsets) || offsets.ValueKind != JsonValueKind.Array
            || offsets.GetArrayLength() != 2)
            throw Bad(path, $"the entry of tensor \"{name}\" lacks dtype, shape or data_offsets");

        string dtype = dtypeValue.GetString()!;
        int elementBytes = dtype switch
        {
            "F64" => 8,
            "F32" => 4,
            "F16" or "BF16" => 2,
            _ => throw Bad(path, $"tensor \"{name}\" has dtype {dtype}; F32, F64, F16 and BF16 can be read"),
        };
        if (shapeValue.GetArrayLength() > MaxDimensions)
            throw Bad(path, $"tensor \"{name}\" has {shapeValue.GetArrayLength()} dimensions");
        var shape = new List<int>();
        long count = 1;
        foreach (JsonElement extent in shapeValue.EnumerateArray())
        {
            if (!TryNumber(extent, out long side) || side > int.MaxValue || (count *= side) > Array.MaxLength)
                throw Bad(path, $"tensor \"{name}\" has the shape {shapeValue.GetRawText()}, which is out of range");
            shape.Add((int)side);
        }
        if (!TryNumber(offsets[0], out long begin) || !TryNumber(offsets[1], out long end) || end - begin != count * elementBytes)
            throw Bad(path, $"tensor \"{name}\" needs {count * elementBytes} bytes, its data_offsets are {offsets.GetRawText()}");
        return new SafetensorsEntry(name, dtype, [.. shape], begin, end);
    }

    private static bool TryNumber(JsonElement element, out long value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out value) && value >= 0;
    }
}
