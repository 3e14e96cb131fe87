using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Text.Json;

namespace GpuVae.Formats;

/// <summary>
/// Reads and writes safetensors files: the header's length as 8 little-endian bytes, a JSON header
/// <c>{"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {…}}</c>, then the data without gaps.
/// Writes F32; reads F32, F64, F16 and BF16, all into float32.
/// </summary>
public sealed class SafetensorsFile
{
    /// <summary>The limit of the format's own reader.</summary>
    private const long MaxHeaderBytes = 100_000_000;

    private readonly string path;
    private readonly Dictionary<string, NamedTensor> byName;

    private SafetensorsFile(string path, List<NamedTensor> tensors, Dictionary<string, string> metadata)
    {
        (this.path, Tensors, Metadata) = (path, tensors, metadata);
        byName = tensors.ToDictionary(tensor => tensor.Name);
    }

    /// <summary>In the order of their data.</summary>
    public IReadOnlyList<NamedTensor> Tensors { get; }

    /// <summary>Of <c>__metadata__</c>; PyTorch writes <c>format</c> = <c>pt</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Whether <see cref="Get"/> would find a tensor of this name, whatever its shape.</summary>
    public bool Contains(string name) => byName.ContainsKey(name);

    /// <summary>The tensor called <paramref name="name"/>, which must have the given shape.</summary>
    /// <exception cref="BadInputException">There is no such tensor, or its shape differs.</exception>
    public NamedTensor Get(string name, params ReadOnlySpan<int> shape)
    {
        if (!byName.TryGetValue(name, out NamedTensor? tensor))
            throw new BadInputException($"{path} has no tensor \"{name}\": it is a model file of another family. It holds: {Listing()}.");
        if (!shape.SequenceEqual(tensor.Shape))
            throw new BadInputException(
                $"{path}: tensor \"{name}\" has shape [{string.Join(", ", tensor.Shape)}], the model needs " +
                $"[{string.Join(", ", shape.ToArray())}]. Use the options the file was trained with.");
        return tensor;
    }

    /// <summary>Writes by way of a temporary name; a failed write leaves the previous file as it was.</summary>
    /// <exception cref="ArgumentException">A name occurs twice, or a shape does not fit its data.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata)
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            var names = new HashSet<string>();
            foreach (NamedTensor tensor in tensors)
            {
                if (!names.Add(tensor.Name) || tensor.Name == "__metadata__")
                    throw new ArgumentException($"The tensor name \"{tensor.Name}\" occurs twice or is reserved.", nameof(tensors));
                if (tensor.Shape.Aggregate(1L, (product, side) => product * side) != tensor.Data.Length)
                    throw new ArgumentException(
                        $"Tensor \"{tensor.Name}\" has {tensor.Data.Length} values, which its shape does not fit.", nameof(tensors));
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (int side in tensor.Shape)
                    json.WriteNumberValue(side);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += (long)tensor.Data.Length * sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Spaces after the header keep the data 8-byte aligned for readers that map the file.
        while (header.Length % 8 != 0)
            header.WriteByte((byte)' ');

        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            header.WriteTo(stream);
            foreach (NamedTensor tensor in tensors)
                stream.Write(LittleEndian.Bytes<float>(tensor.Data));
        });
    }

    /// <exception cref="BadInputException">The file is missing, truncated or no valid safetensors file.</exception>
    public static SafetensorsFile Read(string path)
    {
        try
        {
            using FileStream stream = InputFile.Open(path);
            return Read(stream, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw InputFile.NotRead(path, error);
        }
        catch (JsonException error)
        {
            throw Bad(path, "its header is not valid JSON", error);
        }
    }

    private static SafetensorsFile Read(FileStream stream, string path)
    {
        Span<byte> lengthBytes = stackalloc byte[8];
        if (stream.Length < 8)
            throw Bad(path, $"it is truncated: {stream.Length} bytes are no header");
        stream.ReadExactly(lengthBytes);
        ulong declared = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (declared > MaxHeaderBytes)
            throw Bad(path, $"it declares a header of {declared} bytes");
        if ((long)declared > stream.Length - 8)
            throw Bad(path, $"it is truncated: the header has {declared} bytes, {stream.Length - 8} follow");
        byte[] header = new byte[declared];
        stream.ReadExactly(header);
        long dataBytes = stream.Length - stream.Position;

        using var json = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false });
        if (json.RootElement.ValueKind != JsonValueKind.Object)
            throw Bad(path, "its header is not a JSON object");
        var metadata = new Dictionary<string, string>();
        var entries = new List<Entry>();
        foreach (JsonProperty property in json.RootElement.EnumerateObject())
        {
            if (property.Name == "__metadata__")
                ReadMetadata(property.Value, metadata, path);
            else
                entries.Add(ReadEntry(property, path));
        }

        // Data must be covered exactly: gaps could smuggle content in, overlaps would make one weight two.
        long position = 0;
        foreach (Entry entry in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.Begin != position)
                throw Bad(path, $"tensor \"{entry.Name}\" begins at byte {entry.Begin} instead of {position}: it overlaps or leaves a gap");
            position = entry.End;
        }
        if (position != dataBytes)
            throw Bad(path, position > dataBytes
                ? $"it is truncated: the tensors need {position} bytes of data, {dataBytes} are there"
                : $"{dataBytes - position} bytes follow the last tensor");

        entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        return new SafetensorsFile(path, [.. entries.Select(entry => ReadData(stream, entry))], metadata);
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

    private static Entry ReadEntry(JsonProperty property, string path)
    {
        string name = property.Name;
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
        int[] shape = new int[shapeValue.GetArrayLength()];
        long count = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            if (!TryNumber(shapeValue[i], out long side) || side > int.MaxValue || (count *= side) > Array.MaxLength)
                throw Bad(path, $"tensor \"{name}\" has the shape {shapeValue.GetRawText()}, which is out of range");
            shape[i] = (int)side;
        }
        if (!TryNumber(offsets[0], out long begin) || !TryNumber(offsets[1], out long end) || end - begin != count * elementBytes)
            throw Bad(path, $"tensor \"{name}\" needs {count * elementBytes} bytes, its data_offsets are {offsets.GetRawText()}");
        return new Entry(name, dtype, shape, begin, end);
    }

    private static bool TryNumber(JsonElement element, out long value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out value) && value >= 0;
    }

    private static NamedTensor ReadData(FileStream stream, Entry entry)
    {
        int count = entry.Shape.Aggregate(1, (product, side) => product * side);
        float[] data = new float[count];
        switch (entry.Dtype)
        {
            case "F32":
                LittleEndian.Read<float>(stream, data);
                break;
            case "F64":
                double[] doubles = new double[count];
                LittleEndian.Read<double>(stream, doubles);
                for (int i = 0; i < count; i++)
                    data[i] = (float)doubles[i];
                break;
            case "F16":
                var halves = new System.Half[count];
                LittleEndian.Read<System.Half>(stream, halves);
                TensorPrimitives.ConvertToSingle(halves, data);
                break;
            default: // BF16: the upper half of a float32
                ushort[] upper = new ushort[count];
                LittleEndian.Read<ushort>(stream, upper);
                for (int i = 0; i < count; i++)
                    data[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
                break;
        }
        return new NamedTensor(entry.Name, entry.Shape, data);
    }

    private string Listing() => string.Join(", ", Tensors.Take(12).Select(tensor => tensor.Name)) + (Tensors.Count > 12 ? ", …" : "");

    private static BadInputException Bad(string path, string what, Exception? inner = null) =>
        new($"{path} is not a valid safetensors file: {what}. Copy or export the file again.", inner);

    private sealed record Entry(string Name, string Dtype, int[] Shape, long Begin, long End);
}
