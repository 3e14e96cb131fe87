using System.Buffers.Binary;
using System.Text.Json;

namespace GpuVae.Formats;

/// <summary>
/// Reads and writes safetensors files: the header's length as 8 little-endian bytes, a JSON header
/// <c>{"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {…}}</c>, then the data without gaps.
/// Writes F32, or F16 where it is asked for; reads F32, F64, F16 and BF16, all into float32.
/// </summary>
public sealed class SafetensorsFile
{
    private readonly string path;
    private readonly Dictionary<string, NamedTensor> byName;

    private SafetensorsFile(string path, List<NamedTensor> tensors, IReadOnlyDictionary<string, string> metadata)
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
            throw SafetensorsReader.Missing(path, name, [.. Tensors.Select(other => other.Name)]);
        return shape.SequenceEqual(tensor.Shape) ? tensor : throw SafetensorsReader.OtherShape(path, name, tensor.Shape, shape);
    }

    /// <summary>Writes by way of a temporary name; a failed write leaves the previous file as it was.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="tensors">In this order.</param>
    /// <param name="metadata">Of <c>__metadata__</c>.</param>
    /// <param name="half">Whether as float16, rounded to the nearest.</param>
    /// <exception cref="ArgumentException">A name occurs twice, or a shape does not fit its data.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void Write(
        string path, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null, bool half = false)
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
                json.WriteString("dtype", half ? "F16" : "F32");
                json.WriteStartArray("shape");
                foreach (int side in tensor.Shape)
                    json.WriteNumberValue(side);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += (long)tensor.Data.Length * (half ? 2 : sizeof(float)));
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
                stream.Write(BytesOf(tensor, half));
        });
    }

    /// <summary>The data of a tensor as they stand in a file.</summary>
    internal static ReadOnlySpan<byte> BytesOf(NamedTensor tensor, bool half) => half
        ? LittleEndian.Bytes<System.Half>(Array.ConvertAll(tensor.Data, value => (System.Half)value))
        : LittleEndian.Bytes<float>(tensor.Data);

    /// <exception cref="BadInputException">The file is missing, truncated or no valid safetensors file.</exception>
    public static SafetensorsFile Read(string path)
    {
        using var reader = SafetensorsReader.Open(path);
        return new SafetensorsFile(path, [.. reader.Entries.Select(reader.Read)], reader.Metadata);
    }
}
