using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using GpuVae.Formats;
using GpuVae.Options;

namespace GpuVae.Tests.Formats;

public class CheckpointFileTests
{
    private static byte[] Example(TemporaryFolder folder)
    {
        var checkpoint = new CheckpointFile(new JsonObject { ["step"] = 12, ["name"] = "run" });
        checkpoint.Add("weights", MemoryMarshal.AsBytes<float>([1.5f, -0f, float.NaN]).ToArray());
        checkpoint.Add("order", [1, 2, 3, 4, 5]);
        checkpoint.Add("empty", []);
        checkpoint.Write(folder["checkpoint"]);
        return File.ReadAllBytes(folder["checkpoint"]);
    }

    [Fact]
    public void WhatIsWrittenIsReadBackToTheBit()
    {
        using var folder = new TemporaryFolder();
        byte[] first = Example(folder);
        var checkpoint = CheckpointFile.Read(folder["checkpoint"]);
        Assert.Equal(12, (int)checkpoint.Header["step"]!);
        float[] weights = new float[3];
        checkpoint.GetFloats("weights", weights);
        uint[] expected = [0x3FC00000, 0x80000000, BitConverter.SingleToUInt32Bits(float.NaN)];
        Assert.Equal(expected, weights.Select(BitConverter.SingleToUInt32Bits));
        Assert.Equal([1, 2, 3, 4, 5], checkpoint.Get("order"));
        Assert.Empty(checkpoint.Get("empty"));
        checkpoint.Write(folder["again"]);
        Assert.Equal(first, File.ReadAllBytes(folder["again"]));
    }

    [Fact]
    public void AChangeOfAnyByteIsDetected()
    {
        using var folder = new TemporaryFolder();
        byte[] file = Example(folder);
        for (int i = 0; i < file.Length; i++)
            foreach (byte change in (byte[])[1, 0x80, 0xFF])
            {
                byte[] damaged = [.. file];
                damaged[i] ^= change;
                string path = folder.Write("damaged", damaged);
                Assert.Contains(path, Assert.Throws<BadInputException>(() => CheckpointFile.Read(path)).Message);
            }
    }

    [Fact]
    public void AnyOtherLengthIsDetected()
    {
        using var folder = new TemporaryFolder();
        byte[] file = Example(folder);
        for (int length = 0; length < file.Length; length++)
            Assert.Contains("truncated", MessageFor(folder, file[..length]));
        Assert.Contains("appended", MessageFor(folder, [.. file, 0]));
    }

    [Fact]
    public void TheMessageSaysWhatIsWrong()
    {
        using var folder = new TemporaryFolder();
        byte[] file = Example(folder);
        Assert.Contains("does not begin like one", MessageFor(folder, [.. "PK"u8, .. file[2..]]));
        Assert.Contains("version is 2", MessageFor(folder, [.. file[..8], 2, .. file[9..]]));
        Assert.Contains("checksum", MessageFor(folder, [.. file[..^40], (byte)~file[^40], .. file[^39..]]));
        Assert.Contains("nowhere", Assert.Throws<BadInputException>(() => CheckpointFile.Read(folder["nowhere"])).Message);

        var checkpoint = CheckpointFile.Read(folder["checkpoint"]);
        Assert.Contains("\"moments\"", Assert.Throws<BadInputException>(() => checkpoint.Get("moments")).Message);
        float[] tooMany = new float[4];
        Assert.Contains("another architecture", Assert.Throws<BadInputException>(() => checkpoint.GetFloats("weights", tooMany)).Message);
    }

    private static string MessageFor(TemporaryFolder folder, byte[] content)
    {
        string path = folder.Write("bad", content);
        return Assert.Throws<BadInputException>(() => CheckpointFile.Read(path)).Message;
    }
}
