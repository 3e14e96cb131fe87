using GpuVae.Formats;

namespace GpuVae.Tests.Formats;

public class AtomicFileTests
{
    [Fact]
    public void AFailureLeavesTheOldFileAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("a.bin", [1, 2, 3]);
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write(new byte[100_000]);
            Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
            throw new InvalidOperationException();
        }));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public void AFullDiskNamesTheFileAndKeepsTheOldOne()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("a.bin", [1, 2, 3]);
        var full = new IOException("No space left on device");
        string message = Assert.Throws<IOException>(() => AtomicFile.Write(path, _ => throw full)).Message;
        Assert.Contains(path, message);
        Assert.Contains("No space left", message);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public void WhatAKilledProcessLeftIsOverwrittenAndFoldersAreMade()
    {
        using var folder = new TemporaryFolder();
        folder.Write("new/a.bin.tmp", new byte[1000]);
        AtomicFile.Write(folder["new/a.bin"], stream => stream.WriteByte(7));
        Assert.Equal([7], File.ReadAllBytes(folder["new/a.bin"]));
        Assert.Single(Directory.GetFiles(folder["new"]));
    }

    [Fact]
    public void APlaceThatCannotBeWrittenIsAnErrorThatNamesIt()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("file", [1]), path = Path.Combine(file, "in", "it");
        foreach (Action<string> use in (Action<string>[])[place => AtomicFile.Write(place, _ => { }), AtomicFile.RequireWritable])
        {
            Assert.StartsWith(
                $"{path} could not be written: {file} is a file, not a folder.", Assert.Throws<IOException>(() => use(path)).Message,
                StringComparison.Ordinal);
            Assert.Contains("it is a folder", Assert.Throws<IOException>(() => use(folder.FullPath)).Message);
            // Not even root writes here.
            if (OperatingSystem.IsLinux())
                Assert.Contains("/proc/x", Assert.Throws<IOException>(() => use("/proc/x")).Message);
        }
        AtomicFile.RequireWritable(folder["of/no/folder/yet"]);
        AtomicFile.RequireWritable(file);
        Assert.Equal([file], Directory.GetFileSystemEntries(folder.FullPath));
    }
}
