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
    public void WhatAKilledProcessLeftIsRemovedAndFoldersAreMade()
    {
        using var folder = new TemporaryFolder();
        folder.Write("new/.gpuvae-0123456789abcdef.tmp", new byte[1000]);
        AtomicFile.Write(folder["new/of/a.bin"], stream => stream.WriteByte(7));
        AtomicFile.Write(folder["new/a.bin"], stream => stream.WriteByte(7));
        Assert.Equal([7], File.ReadAllBytes(folder["new/of/a.bin"]));
        Assert.Equal([folder["new/a.bin"]], Directory.GetFiles(folder["new"]));
    }

    [Fact]
    public void WhatAnotherIsWritingIsLeftAlone()
    {
        using var folder = new TemporaryFolder();
        string written = folder[".gpuvae-0123456789abcdef.tmp"];
        using (new FileStream(written, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            AtomicFile.Write(folder["a.bin"], stream => stream.WriteByte(7));
            Assert.True(File.Exists(written));
        }
    }

    [Fact]
    public void APlantedLinkIsNotFollowedAndAFileNamedTmpStays()
    {
        using var folder = new TemporaryFolder();
        string mine = folder.Write("a.bin.tmp", [1, 2, 3]), victim = folder.Write("victim", [4]);
        string planted = folder[".gpuvae-0123456789abcdef.tmp"];
        File.CreateSymbolicLink(planted, victim);
        AtomicFile.Write(folder["a.bin"], stream => stream.WriteByte(7));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(mine));
        Assert.Equal([4], File.ReadAllBytes(victim));
        Assert.Equal(victim, new FileInfo(planted).LinkTarget);
    }

    [Fact]
    public async Task OfManyThatWriteOnePathEachSucceedsAndOneRemainsWhole()
    {
        using var folder = new TemporaryFolder();
        string path = folder["a.bin"];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
        {
            for (int round = 0; round < 20; round++)
                AtomicFile.Write(path, stream => stream.Write([.. Enumerable.Repeat((byte)i, 100_000)]));
        })));
        byte[] last = File.ReadAllBytes(path);
        Assert.Equal(100_000, last.Length);
        Assert.Single(last.Distinct());
        Assert.Single(Directory.GetFiles(folder.FullPath));
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
