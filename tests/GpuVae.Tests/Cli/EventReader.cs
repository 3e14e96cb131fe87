using System.Buffers.Binary;
using Google.Protobuf;

namespace GpuVae.Tests.Cli;

/// <summary>Reads TensorBoard's files by their description: TensorFlow's records, each an Event with a Summary.</summary>
internal static class EventReader
{
    public sealed record Value(long Step, string Tag, float? Scalar, byte[]? Picture, double[]? Buckets);

    public static IReadOnlyList<Value> Read(string path)
    {
        ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
        var values = new List<Value>();
        bool isFirst = true;
        while (rest.Length > 0)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(rest);
            Assert.Equal(Masked(rest[..8]), BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]));
            ReadOnlySpan<byte> data = rest.Slice(12, length);
            Assert.Equal(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(rest[(12 + length)..]));
            if (isFirst)
                Assert.Equal("brain.Event:2", Fields(data.ToArray()).Single(field => field.Number == 3).Bytes!.ToStringUtf8());
            else
                values.AddRange(Values(data.ToArray()));
            isFirst = false;
            rest = rest[(16 + length)..];
        }
        return values;
    }

    private static IEnumerable<Value> Values(byte[] data)
    {
        ILookup<int, Field> fields = Fields(data).ToLookup(field => field.Number);
        Assert.InRange(BitConverter.UInt64BitsToDouble(fields[1].Single().Bits), 1.7e9, 1e11);
        foreach (Field value in Fields(fields[5].Single().Bytes!.ToByteArray()))
        {
            ILookup<int, Field> of = Fields(value.Bytes!.ToByteArray()).ToLookup(field => field.Number);
            yield return new Value(
                (long)fields[2].Single().Bits, of[1].Single().Bytes!.ToStringUtf8(),
                of[2].Select(field => (float?)BitConverter.UInt32BitsToSingle((uint)field.Bits)).SingleOrDefault(),
                of[4].Select(field => Fields(field.Bytes!.ToByteArray()).Single(part => part.Number == 4).Bytes!.ToByteArray())
                    .SingleOrDefault(),
                of[5].Select(field => Doubles(Fields(field.Bytes!.ToByteArray()).Single(part => part.Number == 7).Bytes!))
                    .SingleOrDefault());
        }
    }

    private static double[] Doubles(ByteString packed) =>
        [.. packed.ToByteArray().Chunk(8).Select(bytes => BinaryPrimitives.ReadDoubleLittleEndian(bytes))];

    private static IEnumerable<Field> Fields(byte[] message)
    {
        var input = new CodedInputStream(message);
        while (input.ReadTag() is > 0 and var tag)
        {
            int number = WireFormat.GetTagFieldNumber(tag);
            yield return WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => new Field(number, input.ReadUInt64(), null),
                WireFormat.WireType.Fixed64 => new Field(number, input.ReadFixed64(), null),
                WireFormat.WireType.Fixed32 => new Field(number, input.ReadFixed32(), null),
                _ => new Field(number, 0, input.ReadBytes()),
            };
        }
    }

    /// <summary>CRC-32C bit by bit, then rotated and shifted as TensorFlow's tfrecord does it.</summary>
    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0x82f63b78);
        }
        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
    }

    private sealed record Field(int Number, ulong Bits, ByteString? Bytes);
}
