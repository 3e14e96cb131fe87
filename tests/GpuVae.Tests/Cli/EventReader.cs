using System.Buffers.Binary;
using Tensorboard;

namespace GpuVae.Tests.Cli;

/// <summary>Reads TensorBoard's files: TensorFlow's records, each an event by the classes that protoc has made of event.proto.</summary>
internal static class EventReader
{
    /// <summary>The values of all events, each with its step.</summary>
    public static IReadOnlyList<(long Step, Summary.Types.Value Value)> Read(string path)
    {
        Event[] events = [.. Records(File.ReadAllBytes(path)).Select(Parse)];
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.All(events, of => Assert.InRange(of.WallTime, 1.7e9, 1e11));
        return [.. events.Skip(1).SelectMany(of => of.Summary.Value.Select(value => (of.Step, value)))];
    }

    private static Event Parse(byte[] record)
    {
        Event message = Event.Parser.ParseFrom(record);
        // Equal as nothing in it is unknown to event.proto.
        Assert.Equal(Event.Parser.WithDiscardUnknownFields(true).ParseFrom(record), message);
        return message;
    }

    private static IEnumerable<byte[]> Records(byte[] file)
    {
        for (int at = 0, length; at < file.Length; at += 16 + length)
        {
            length = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            Assert.Equal(Masked(file.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            yield return file[(at + 12)..(at + 12 + length)];
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
}
