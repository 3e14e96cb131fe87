using System.Buffers.Binary;
using System.IO.Compression;
using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Tests.Cli;

/// <summary>Small files that declare much: the command stays under 512 MiB, whether it refuses them or can use them.</summary>
public sealed class HostileFileTests(BadInputTests.TinyRun tiny) : IClassFixture<BadInputTests.TinyRun>, IDisposable
{
    private const double MostMebibytes = 512;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void PicturesThatTogetherHaveTooManyPixelsAreRefused()
    {
        LayPictures(14);
        Refuse("--max-pixels", "train", "--data", "pictures", "--batch", "1", "--epochs", "1", "--device", "cpu", "--out", "new");
    }

    [Fact]
    public void LargePicturesAreDecodedOneAtATime()
    {
        LayPictures(4);
        CommandResult result = Run(
            "train", "--data", "pictures", "--size", "8", "--hidden", "4", "--latent", "2", "--batch", "2", "--epochs", "1",
            "--device", "cpu", "--out", "new");
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void ALimitTakesLittleOfALargeIdxFile()
    {
        tiny.CopyTo(folder["run"]);
        byte[] header = [0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28];
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), 2_500_000);
        using (FileStream file = File.Create(folder["bomb-idx3-ubyte.gz"]))
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
        {
            gzip.Write(header);
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 2_500_000L * 28 * 28 / zeros.Length; i++)
                gzip.Write(zeros);
        }
        string[] evaluate = ["evaluate", "--run", "run", "--data", "bomb-idx3-ubyte.gz", "--size", "6", "--device", "cpu"];
        Refuse("bomb-idx3-ubyte.gz", evaluate);
        CommandResult four = Run([.. evaluate, "--limit", "4"]);
        Assert.True(four.ExitCode == 0, four.ToString());
        Assert.Contains("4 images", four.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("15000, 15000")]
    [InlineData("20000, 20000")]
    public void SizesOfAConfigurationAreNotBelieved(string hidden)
    {
        tiny.CopyTo(folder["run"]);
        string config = File.ReadAllText(folder["run/config.json"]);
        string lying = config.Replace("\"hidden\": [", $"\"hidden\": [{hidden},", StringComparison.Ordinal);
        Assert.NotEqual(config, lying);
        File.WriteAllText(folder["run/config.json"], lying);
        Refuse("run", "generate", "--run", "run", "--device", "cpu");
    }

    [Fact]
    public void WeightsThatAreNotFiniteGiveNoPicture()
    {
        tiny.CopyTo(folder["run"]);
        foreach (string path in Directory.GetFiles(folder["run"], "*.safetensors"))
        {
            var file = SafetensorsFile.Read(path);
            file.Tensors[0].Data[0] = float.NaN;
            SafetensorsFile.Write(path, file.Tensors);
        }
        Refuse("holds NaN", "generate", "--run", "run", "--device", "cpu", "--out", "blank.png");
        Assert.False(File.Exists(folder["blank.png"]));
    }

    [Fact]
    public void WeightsFromElsewhereAreUsedWithANote()
    {
        tiny.CopyTo(folder["run"]);
        foreach (string path in Directory.GetFiles(folder["run"], "*.safetensors"))
            SafetensorsFile.Write(path, SafetensorsFile.Read(path).Tensors);
        CommandResult result = Run("generate", "--run", "run", "--device", "cpu");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith("gpuvae: note: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(".safetensors", result.Error, StringComparison.Ordinal);
    }

    /// <summary>The same picture of 24 million pixels so many times.</summary>
    private void LayPictures(int count)
    {
        byte[] size = [0, 0, 0x17, 0x70, 0, 0, 0x0F, 0xA0, 8, 2, 0, 0, 0]; // 6000×4000, RGB
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            for (int y = 0; y < 4000; y++)
                zlib.Write(new byte[1 + 3 * 6000]);
        var png = new MemoryStream();
        png.Write(Png.Signature);
        Png.Write(png, "IHDR", size);
        Png.Write(png, "IDAT", packed.ToArray());
        Png.Write(png, "IEND");
        for (int i = 0; i < count; i++)
            folder.Write($"pictures/{i}.png", png.ToArray());
    }

    private CommandResult Run(params string[] arguments)
    {
        (CommandResult result, double mebibytes) = PeakMemory.Of(Gpuvae.StartInfo(folder.FullPath, arguments));
        Assert.True(mebibytes < MostMebibytes, $"{mebibytes:F0} MiB\n{result}");
        return result;
    }

    private void Refuse(string fragment, params string[] arguments)
    {
        CommandResult result = Run(arguments);
        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.StartsWith("gpuvae: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(fragment, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
