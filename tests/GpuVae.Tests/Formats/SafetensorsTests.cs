using System.Buffers.Binary;
using System.Text;
using GpuVae.Formats;
using GpuVae.Options;

namespace GpuVae.Tests.Formats;

public class SafetensorsTests
{
    [Fact]
    public void WhatIsWrittenIsReadBack()
    {
        using var folder = new TemporaryFolder();
        NamedTensor[] tensors =
        [
            new("encoder.0.weight", [2, 3], [1, -2, float.Epsilon, float.MaxValue, float.NaN, float.NegativeInfinity]),
            new("scalar", [], [42]),
            new("nothing", [0, 5], []),
            new("名前 \"quoted\"", [1], [0.1f]),
        ];
        SafetensorsFile.Write(folder["a"], tensors, new Dictionary<string, string> { ["format"] = "pt" });
        var file = SafetensorsFile.Read(folder["a"]);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal(tensors.Select(t => t.Name).Order(), file.Tensors.Select(t => t.Name).Order());
        foreach (NamedTensor tensor in tensors)
            Assert.Equal(tensor.Data, file.Get(tensor.Name, tensor.Shape).Data);
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(File.ReadAllBytes(folder["a"])) % 8);
    }

    [Fact]
    public void AFileLaidOutByHandIsReadInEveryFloatType()
    {
        // 1.5 and −2 as F16, BF16, F32 and F64, in that order of offsets and another order of names.
        const string written = """
            {"d":{"dtype":"F64","shape":[2],"data_offsets":[16,32]},"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},
             "b":{"dtype":"BF16","shape":[2,1],"data_offsets":[4,8]},"c":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]}}
            """;
        byte[] data =
        [
            0x00, 0x3E, 0x00, 0xC0, 0xC0, 0x3F, 0x00, 0xC0, 0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0,
            0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0,
        ];
        using var folder = new TemporaryFolder();
        var file = SafetensorsFile.Read(folder.Write("a", Lay(written, data)));
        Assert.Equal(["a", "b", "c", "d"], file.Tensors.Select(t => t.Name));
        Assert.All(file.Tensors, tensor => Assert.Equal([1.5f, -2f], tensor.Data));
    }

    [Fact]
    public void TruncationAtAnyByteIsReported()
    {
        using var folder = new TemporaryFolder();
        SafetensorsFile.Write(folder["a"], [new("x", [3], [1, 2, 3]), new("y", [1], [4])]);
        byte[] file = File.ReadAllBytes(folder["a"]);
        for (int length = 0; length < file.Length; length++)
        {
            string path = folder.Write("cut", file[..length]);
            Assert.Contains(path, Assert.Throws<BadInputException>(() => SafetensorsFile.Read(path)).Message);
        }
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "follow the last tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "truncated")]
    [InlineData("""
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
        "b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}
        """, 8, "overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "gap")]
    [InlineData("""{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 4, "dtype I32")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "needs 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "out of range")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2000000000,2000000000],"data_offsets":[0,4]}}""", 4, "out of range")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "needs 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "lacks")]
    [InlineData("""{"a":3}""", 0, "lacks")]
    [InlineData("""{"__metadata__":{"a":3}}""", 0, "not a string")]
    [InlineData("""[1]""", 0, "not a JSON object")]
    [InlineData("""{"a":""", 0, "not valid JSON")]
    [InlineData("""
        {"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},
        "a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}
        """, 0, "not valid JSON")]
    public void CorruptHeadersSayWhatIsWrong(string header, int dataBytes, string expected)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("bad", Lay(header, new byte[dataBytes]));
        string message = Assert.Throws<BadInputException>(() => SafetensorsFile.Read(path)).Message;
        Assert.Contains(path, message);
        Assert.Contains(expected, message);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 40)]
    [InlineData(99_999_999UL)]
    public void AnAbsurdHeaderLengthAllocatesNothing(ulong length)
    {
        using var folder = new TemporaryFolder();
        byte[] file = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        string path = folder.Write("huge", file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("header", Assert.Throws<BadInputException>(() => SafetensorsFile.Read(path)).Message);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void ATensorOfAnotherModelIsReportedWithBothShapes()
    {
        using var folder = new TemporaryFolder();
        SafetensorsFile.Write(folder["a"], [new("w", [2, 2], new float[4])]);
        var file = SafetensorsFile.Read(folder["a"]);
        string message = Assert.Throws<BadInputException>(() => file.Get("w", 4, 1)).Message;
        Assert.Contains("[2, 2]", message);
        Assert.Contains("[4, 1]", message);
        Assert.Contains("\"v\"", Assert.Throws<BadInputException>(() => file.Get("v")).Message);
        Assert.Contains("missing", Assert.Throws<BadInputException>(() => SafetensorsFile.Read(folder["missing"])).Message);
    }

    private static byte[] Lay(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }
}
