using System.Text;
using GpuVae.Data;
using GpuVae.Formats;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Tests.Formats;

public sealed class InputFileTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void OnlyRegularFilesAreOpened()
    {
        OddFiles.MakePipe(folder["pipe"]);
        OddFiles.MakeSocket(folder["socket"]);
        Directory.CreateDirectory(folder["folder"]);
        File.CreateSymbolicLink(folder["link"], "pipe");
        foreach ((string path, string kind) in new[]
        {
            (folder["pipe"], "a named pipe"), (folder["link"], "a named pipe"), (folder["socket"], "a socket"), ("/dev/zero", "a device"),
            (folder["folder"], "a folder"), (folder["nothing"], "does not exist"), (folder["nowhere/nothing"], "does not exist"),
        })
        {
            string message = OddFiles.Refusal(() => InputFile.Open(path).Dispose());
            Assert.Contains(path, message, StringComparison.Ordinal);
            Assert.Contains(kind, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ALinkToARegularFileIsOne()
    {
        folder.Write("file", [.. Encoding.UTF8.Preamble, .. "one\r\nΔύο"u8]);
        File.CreateSymbolicLink(folder["link"], "file");
        Assert.Equal("one\r\nΔύο", InputFile.ReadAllText(folder["link"]));
        Assert.Equal(["one", "Δύο"], InputFile.ReadLines(folder["link"], 100));
        Assert.Equal(3 + 5 + 6, InputFile.ReadAllBytes(folder["link"], 14).Length);
    }

    [Fact]
    public void TextThatIsNoneAndFilesThatAreTooLargeAreRefused()
    {
        folder.Write("bytes", [0x61, 0xFF, 0x62]);
        Assert.Contains("bytes", Assert.Throws<BadInputException>(() => InputFile.ReadAllText(folder["bytes"])).Message);
        Assert.Contains("bytes", Assert.Throws<BadInputException>(() => InputFile.ReadLines(folder["bytes"], 9).Count()).Message);
        Assert.Contains("more than the 2", Assert.Throws<BadInputException>(() => InputFile.ReadAllBytes(folder["bytes"], 2)).Message);
        using (FileStream sparse = File.Create(folder["sparse.json"]))
            sparse.SetLength(1L << 40);
        Assert.Contains("sparse.json", Assert.Throws<BadInputException>(() => InputFile.ReadAllText(folder["sparse.json"])).Message);
    }

    /// <summary>Each of these would wait for ever if it opened what it is given.</summary>
    [Theory]
    [InlineData("picture.png")]
    [InlineData("train-images-idx3-ubyte")]
    [InlineData("attributes.csv")]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("checkpoint")]
    [InlineData("unknown")]
    public void APipeInPlaceOfAFileIsRefusedByName(string name)
    {
        using var model = new Vae(cpu.Device, new VaeOptions { Shape = new ImageShape(4, 4), Hidden = [3], Latent = 2 });
        model.Save(folder.FullPath);
        File.Delete(folder[name]);
        OddFiles.MakePipe(folder[name]);
        if (name == "attributes.csv")
            ImageFile.Write(folder["a.png"], new Image(2, 2, 1));
        string message = OddFiles.Refusal(() => _ = name switch
        {
            "config.json" or "model.safetensors" => Vae.Load(cpu.Device, folder.FullPath),
            "checkpoint" => (object)CheckpointFile.Read(folder[name]),
            "unknown" => DataSource.Load(folder[name]),
            _ => DataSource.Load(folder.FullPath),
        });
        Assert.Contains($"{folder[name]} could not be read: it is a named pipe", message, StringComparison.Ordinal);
    }
}
