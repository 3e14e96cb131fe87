using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;

namespace GpuVae.Cli;

/// <summary>
/// A file of TensorBoard's: records of TensorFlow, each an Event of its protocol buffers (event.proto and summary.proto), of which this
/// writes scalars, pictures and histograms.
/// </summary>
internal sealed class EventFile(string path)
{
    private const uint MaskDelta = 0xa282ead8;

    private readonly Lock guard = new();
    private bool isBegun;

    /// <summary>Appends one value of each kind that is given, for a step.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(
        long step, IEnumerable<(string Tag, double Value)> scalars, IEnumerable<(string Tag, byte[] Png)>? pictures = null,
        IEnumerable<(string Tag, IReadOnlyList<double> Values)>? histograms = null)
    {
        byte[] summary = Message(output =>
        {
            foreach ((string tag, double value) in scalars)
                Nested(output, 1, of =>
                {
                    Text(of, 1, tag);
                    of.WriteTag(2, WireFormat.WireType.Fixed32);
                    of.WriteFloat((float)value);
                });
            foreach ((string tag, byte[] png) in pictures ?? [])
                Nested(output, 1, of =>
                {
                    Text(of, 1, tag);
                    Nested(of, 4, image => Picture(image, png));
                });
            foreach ((string tag, IReadOnlyList<double> values) in histograms ?? [])
                Nested(output, 1, of =>
                {
                    Text(of, 1, tag);
                    Nested(of, 5, histogram => Histogram(histogram, values));
                });
        });
        lock (guard)
        {
            using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
            if (!isBegun)
                Record(file, Event(0, output => Text(output, 3, "brain.Event:2")));
            isBegun = true;
            Record(file, Event(step, output => Bytes(output, 5, summary)));
        }
    }

    private static byte[] Event(long step, Action<CodedOutputStream> what) => Message(output =>
    {
        Number(output, 1, (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds);
        output.WriteTag(2, WireFormat.WireType.Varint);
        output.WriteInt64(step);
        what(output);
    });

    private static void Picture(CodedOutputStream output, byte[] png)
    {
        // Width, height and kind stand where every PNG has them.
        ReadOnlySpan<byte> header = png.AsSpan(16, 10);
        int channels = header[9] switch { 0 => 1, 2 => 3, 4 => 2, _ => 4 };
        foreach ((int field, int value) in (ReadOnlySpan<(int, int)>)
            [(1, BinaryPrimitives.ReadInt32BigEndian(header[4..])), (2, BinaryPrimitives.ReadInt32BigEndian(header)), (3, channels)])
        {
            output.WriteTag(field, WireFormat.WireType.Varint);
            output.WriteInt32(value);
        }
        Bytes(output, 4, png);
    }

    /// <summary>Thirty buckets of the same width.</summary>
    private static void Histogram(CodedOutputStream output, IReadOnlyList<double> values)
    {
        const int count = 30;
        double low = values.Min(), high = values.Max(), width = Math.Max((high - low) / count, 1e-12);
        double[] buckets = new double[count];
        foreach (double value in values)
            buckets[Math.Min((int)((value - low) / width), count - 1)]++;
        Number(output, 1, low);
        Number(output, 2, high);
        Number(output, 3, values.Count);
        Number(output, 4, values.Sum());
        Number(output, 5, values.Sum(value => value * value));
        Bytes(output, 6, Packed([.. Enumerable.Range(1, count).Select(i => low + i * width)]));
        Bytes(output, 7, Packed(buckets));
    }

    private static byte[] Packed(double[] values) => Message(output =>
    {
        foreach (double value in values)
            output.WriteDouble(value);
    });

    private static void Number(CodedOutputStream output, int field, double value)
    {
        output.WriteTag(field, WireFormat.WireType.Fixed64);
        output.WriteDouble(value);
    }

    private static void Text(CodedOutputStream output, int field, string text)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString(text);
    }

    private static void Bytes(CodedOutputStream output, int field, byte[] bytes)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(bytes));
    }

    private static void Nested(CodedOutputStream output, int field, Action<CodedOutputStream> write) =>
        Bytes(output, field, Message(write));

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var memory = new MemoryStream();
        using (var output = new CodedOutputStream(memory, leaveOpen: true))
            write(output);
        return memory.ToArray();
    }

    /// <summary>Length, its checksum, the data, their checksum.</summary>
    private static void Record(FileStream file, byte[] data)
    {
        Span<byte> length = stackalloc byte[8], checksum = stackalloc byte[4];
        BinaryPrimitives.WriteInt64LittleEndian(length, data.Length);
        file.Write(length);
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, Checksum(length));
        file.Write(checksum);
        file.Write(data);
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, Checksum(data));
        file.Write(checksum);
    }

    /// <summary>CRC-32C, masked as TensorFlow does it.</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + MaskDelta;
    }
}
