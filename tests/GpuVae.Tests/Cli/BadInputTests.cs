using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Tests.Cli;

/// <summary>Wrong input of every kind: exit code 2, one clear message, nothing left behind.</summary>
public sealed class BadInputTests(BadInputTests.TinyRun tiny) : IClassFixture<BadInputTests.TinyRun>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>A trained model of 6×6 images in the folder "run".</summary>
    public sealed class TinyRun : IDisposable
    {
        private readonly TemporaryFolder folder = new();

        public TinyRun() => Gpuvae.Succeed(
            folder.FullPath, "train", "--images", "20", "--size", "6", "--hidden", "8", "--latent", "2", "--batch", "10", "--epochs", "1",
            "--out", "run", "--device", "cpu");

        public void CopyTo(string path)
        {
            Directory.CreateDirectory(path);
            foreach (string file in Directory.GetFiles(folder["run"]))
                File.Copy(file, Path.Combine(path, Path.GetFileName(file)));
        }

        public void Dispose() => folder.Dispose();
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("missing", "does not exist")]
    [InlineData("empty", "holds no images")]
    [InlineData("idx-truncated", "truncated")]
    [InlineData("idx-magic", "train-images-idx3-ubyte")]
    [InlineData("gz-truncated", "train-images-idx3-ubyte.gz")]
    [InlineData("labels", "labels")]
    [InlineData("png-truncated", "a.png")]
    [InlineData("png-magic", "a.png")]
    [InlineData("png-empty", "0×0")]
    [InlineData("png-huge", "100000×100000")]
    [InlineData("pnm-huge", "a.pgm")]
    [InlineData("sizes", "--size")]
    public void DataThatCannotBeUsed(string kind, string fragment)
    {
        string data = folder["data"];
        Directory.CreateDirectory(data);
        switch (kind)
        {
            case "missing":
                data = folder["nowhere"];
                break;
            case "idx-truncated":
                folder.Write("data/train-images-idx3-ubyte", Idx(images: 10)[..^5]);
                break;
            case "idx-magic":
                folder.Write("data/train-images-idx3-ubyte", [1, 2, 3, 4, .. Idx(images: 10)[4..]]);
                break;
            case "gz-truncated":
                folder.Write("data/train-images-idx3-ubyte.gz", Gzip(Idx(images: 10))[..^12]);
                break;
            case "labels":
                folder.Write("data/train-images-idx3-ubyte", Idx(images: 10));
                folder.Write("data/train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]);
                break;
            case "png-truncated":
                folder.Write("data/a.png", Png(6, 6)[..^20]);
                break;
            case "png-magic":
                folder.Write("data/a.png", [.. "GIF89a"u8, .. Png(6, 6)]);
                break;
            case "png-empty":
                folder.Write("data/a.png", PngDeclaring(0, 0));
                break;
            case "png-huge":
                folder.Write("data/a.png", PngDeclaring(100_000, 100_000));
                break;
            case "pnm-huge":
                folder.Write("data/a.pgm", [.. "P5 100000 100000 255\n"u8, 1, 2, 3]);
                break;
            case "sizes":
                folder.Write("data/a.png", Png(6, 6));
                folder.Write("data/b.png", Png(7, 6));
                break;
        }
        Refuse(fragment, "train", "--data", data, "--batch", "1", "--epochs", "1", "--hidden", "8", "--out", "run", "--device", "cpu");
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Theory]
    [InlineData("--batch 0", "--batch 0: choose a whole number from 1 on")]
    [InlineData("--batch -5", "batch")]
    [InlineData("--images 20 --batch 30", "batch")]
    [InlineData("--epochs 0", "epochs")]
    [InlineData("--epochs many", "--epochs many")]
    [InlineData("--epochs 99999999999", "--epochs 99999999999")]
    [InlineData("--lr -1", "--lr -1")]
    [InlineData("--lr NaN", "--lr NaN")]
    [InlineData("--lr 1e39", "--lr 1e39")]
    [InlineData("--beta NaN", "--beta NaN")]
    [InlineData("--beta 1e39", "--beta 1e39")]
    [InlineData("--beta -1", "beta")]
    [InlineData("--variance 0", "variance")]
    [InlineData("--latent 0", "latent")]
    [InlineData("--hidden 64,-3", "--hidden 64,-3")]
    [InlineData("--hidden 65536,65536", "--hidden 65536,65536 asks for")]
    [InlineData("--hidden 20000,20000", "at most")]
    [InlineData("--model dense --hidden 65536 --size 96", "encoder.0.weight [65536, 9216]")]
    [InlineData("--hidden 64,,3", "--hidden 64,,3")]
    [InlineData("--model cubic", "--model cubic")]
    [InlineData("--model convolutional --channels-per-stage 16,x", "--channels-per-stage 16,x")]
    [InlineData("--model convolutional --residual -1", "--residual -1")]
    [InlineData("--residual 1", "--model convolutional")]
    [InlineData("--channels-per-stage 8,16", "--model convolutional")]
    [InlineData("--group-norm", "--model convolutional")]
    [InlineData("--upsampling nearest", "--model convolutional")]
    [InlineData("--variance 0.2", "--likelihood gaussian")]
    [InlineData("--mixture-components 3", "--likelihood logistic-mixture")]
    [InlineData("--components 3", "--prior mixture")]
    [InlineData("--capacity-weight 3", "--capacity")]
    [InlineData("--size 0", "--size 0")]
    [InlineData("--size 100000x100000", "--size")]
    [InlineData("--channels 2", "--channels 2")]
    [InlineData("--images 0", "--images 0")]
    [InlineData("--kl-warmup -1", "--kl-warmup -1")]
    [InlineData("--clip NaN", "--clip NaN")]
    [InlineData("--checkpoint-every -1", "--checkpoint-every -1")]
    [InlineData("--seed -1", "--seed -1")]
    [InlineData("--activation sine", "leaky-relu")]
    [InlineData("--likelihood poisson", "gaussian-learned")]
    [InlineData("--posterior planar", "diagonal, full, flow")]
    [InlineData("--prior cauchy", "normal, mixture, vamp")]
    [InlineData("--samples 0", "--samples 0")]
    [InlineData("--discriminator-lr 1e-3", "--discriminator-lr changes nothing without --adversarial")]
    [InlineData("--feature-matching 3", "--adversarial")]
    [InlineData("--adversarial --adversarial-weight 0", "--adversarial-weight 0")]
    [InlineData("--adversarial --adversarial-start 3 --epochs 3", "--adversarial-start 3")]
    [InlineData("--adversarial --discriminator-channels 8,8,8,8", "--discriminator-channels")]
    [InlineData("--adversarial --early-stopping 2", "--early-stopping")]
    [InlineData("--adversarial --accumulate 2", "--accumulate")]
    [InlineData("--adversarial --objective iwae", "--objective iwae")]
    [InlineData("--perceptual-weight 1", "--perceptual-weight changes nothing without --perceptual")]
    [InlineData("--perceptual none.onnx", "none.onnx could not be read: it does not exist")]
    [InlineData("--perceptual none.onnx --early-stopping 2", "--early-stopping")]
    [InlineData("--samples 5", "iwae")]
    [InlineData("--prior vamp --posterior flow", "--prior mixture")]
    [InlineData("--free-bits 1 --posterior full", "posterior diagonal")]
    [InlineData("--components 0 --prior mixture", "--components 0")]
    [InlineData("--kl-cycles 2 --kl-warmup 1", "choose one")]
    [InlineData("--lr-schedule never", "cosine")]
    [InlineData("--device cuda:99", "cpu")]
    [InlineData("--name ../elsewhere", "leads out")]
    [InlineData("--name a/../../b", "leads out")]
    [InlineData("--nonsense", "--nonsense")]
    [InlineData("--latent --beta 2", "--latent lacks its value; write --latent N.")]
    [InlineData("--domains --beta 2", "--domains lacks its value")]
    [InlineData("--beta", "--beta")]
    public void OptionsThatCannotBe(string options, string fragment)
    {
        string[] given = options.Split(' '), small = given.Contains("--images") ? [] : ["--images", "20"];
        Refuse(fragment, ["train", .. small, .. given]);
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Theory]
    [InlineData("generate --run nowhere", "nowhere")]
    [InlineData("generate", "gpuvae train")]
    [InlineData("generate --run run --count 0", "--count 0")]
    [InlineData("generate --run run --label 3", "--conditional")]
    [InlineData("generate --run run --out x.txt", "x.txt")]
    [InlineData("generate --run run --out run", "run is a folder")]
    [InlineData("generate --run run --files --out run/config.json", "config.json is a file, not a folder")]
    [InlineData("generate --run run --out run/checkpoint/x.png", "x.png could not be written")]
    [InlineData("reconstruct --run run --count -1", "--count -1")]
    [InlineData("reconstruct --run run faces", "the model takes 6×6×1")]
    [InlineData("reconstruct --run run run/config.json", "is of no format that is known here")]
    [InlineData("interpolate --run run --to 2", "--to 2")]
    [InlineData("interpolate --run run --steps 1", "--steps 1")]
    [InlineData("edit --run run", "--traverse")]
    [InlineData("edit --run run --add smile", "label=star, slant")]
    [InlineData("edit --run run --add slant:NaN", "slant:NaN")]
    [InlineData("edit --run run --remove slant:1e999", "slant:1e999")]
    [InlineData("edit --run run --add slant --data data", "data")]
    [InlineData("edit --run run --traverse 0,2", "units 0 to 1")]
    [InlineData("edit --run run --traverse 0,x", "--traverse 0,x")]
    [InlineData("edit --run run --add slant --steps 1", "--steps 1")]
    [InlineData("edit --run run --add slant --traverse 0", "--add does not go together with --traverse")]
    [InlineData("edit --run run --add slant:1e30", "--add: slant:1e30: after the colon there must be a number from -100 to 100")]
    [InlineData("edit --run run --remove slant slant:NaN", "--remove: slant:NaN")]
    [InlineData("edit --run run --label 3", "--conditional")]
    [InlineData("translate --run run --to 3", "--conditional")]
    [InlineData("train --domains digits faces --images 20", "64×64")]
    [InlineData("train --domains digits --images 20", "two folders")]
    [InlineData("train --data run --images 20", "--images is for built-in sets")]
    [InlineData("upscale --run run --out small.doc", "small.doc")]
    [InlineData("train --domains digits faces --data digits", "--data")]
    [InlineData("art styles --run run --attributes smile", "label=star, slant")]
    [InlineData("art mosaic --run run --units 0,2", "units 0 to 1")]
    [InlineData("art mosaic --run run --units 1", "--units 1")]
    [InlineData("art mosaic --run run --units 1,1", "two different")]
    [InlineData("art blend --run run --weights 1,2,3", "2 pictures")]
    [InlineData("art blend --run run --weights 1,NaN", "NaN")]
    [InlineData("art walk --run run --stops 1", "--stops 1")]
    [InlineData("art walk --run run --out walk.pgm", "PNG or GIF only")]
    [InlineData("evaluate --run run --data nowhere", "nowhere")]
    [InlineData("evaluate --run run --images 20 --size 9", "--size 6x6 and --channels 1")]
    [InlineData("train --images 20 --out run", "--resume run")]
    [InlineData("train --resume nowhere", "nowhere")]
    [InlineData("train --resume run --latent 5 --lr 1", "--latent, --lr")]
    [InlineData("train --resume run --images 30", "not what the checkpoint was trained on")]
    [InlineData("train --resume run --epochs 0", "epochs")]
    [InlineData("evaluate --run run --samples 0", "--samples 0")]
    [InlineData("evaluate --run run --metrics elbo,fid", "'fid'")]
    [InlineData("evaluate --run run --limit 0", "--limit 0")]
    // The run is not looked for: the place is refused before.
    [InlineData("evaluate --run nowhere --json run", "run could not be written: it is a folder")]
    [InlineData("evaluate --run nowhere --json run/config.json/x", "config.json is a file, not a folder")]
    [InlineData("profile --device nowhere:3 --trace run", "--trace")]
    [InlineData("generate --run nowhere --out run/config.json/x.png", "config.json is a file, not a folder")]
    [InlineData("evaluate --run run --binarize often", "often")]
    [InlineData("", "--help")]
    [InlineData("tarin", "There is no command 'tarin'; did you mean train? Else choose one of devices, data, train")]
    [InlineData("art", "walk, mosaic, blend, styles")]
    public void CommandsThatCannotBe(string command, string fragment)
    {
        tiny.CopyTo(folder["run"]);
        string[] before = Snapshot();
        Refuse(fragment, command.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(before, Snapshot());
    }

    [Theory]
    [InlineData("model.safetensors", "truncated")]
    [InlineData("model.safetensors", "magic")]
    [InlineData("model.safetensors", "other architecture")]
    [InlineData("model.safetensors", "missing")]
    [InlineData("config.json", "truncated")]
    [InlineData("config.json", "magic")]
    [InlineData("config.json", "missing")]
    [InlineData("data.json", "truncated")]
    [InlineData("checkpoint", "truncated")]
    [InlineData("checkpoint", "magic")]
    [InlineData("checkpoint", "flipped")]
    [InlineData("checkpoint", "missing")]
    public void RunsThatAreBroken(string file, string damage)
    {
        tiny.CopyTo(folder["run"]);
        // The weights that commands take where there are no better ones.
        File.Delete(folder["run/best.safetensors"]);
        string path = folder[$"run/{file}"];
        byte[] content = File.ReadAllBytes(path);
        switch (damage)
        {
            case "truncated":
                File.WriteAllBytes(path, content[..(content.Length / 2)]);
                break;
            case "magic":
                content.AsSpan(0, 8).Fill(0xff);
                File.WriteAllBytes(path, content);
                break;
            case "flipped":
                content[^100] ^= 1;
                File.WriteAllBytes(path, content);
                break;
            case "other architecture":
                SafetensorsFile.Write(path, [new NamedTensor("encoder.0.weight", [4, 36], new float[144])]);
                break;
            case "missing":
                File.Delete(path);
                break;
        }
        string[] before = Snapshot();
        string[] command = file switch
        {
            "checkpoint" => ["train", "--resume", "run", "--epochs", "2", "--device", "cpu"],
            "data.json" => ["evaluate", "--run", "run", "--device", "cpu"],
            _ => ["generate", "--run", "run", "--device", "cpu"],
        };
        Refuse(damage == "missing" && file != "model.safetensors" ? "run" : file, command);
        Assert.Equal(before, Snapshot());
    }

    [Theory]
    [InlineData("data.json", "null")]
    [InlineData("data.json", """{"data": "digits", "data": "digits"}""")]
    [InlineData("data.json", """{"data": "digits", "testData": null, "size": "6", "channels": 1, "images": 3e9, "seed": 1}""")]
    [InlineData("data.json", """{"data": "digits", "testData": null, "size": "0", "channels": 1, "images": 20, "seed": 1}""")]
    [InlineData("data.json", """{"data": "digits", "testData": null, "size": "6", "channels": 7, "images": 20, "seed": 1}""")]
    [InlineData("data.json", """{"data": "digits", "testData": null, "size": "6", "channels": 1, "images": -1, "seed": 1}""")]
    [InlineData("data.json", """{"data": "a", "testData": null, "size": "6", "channels": 1, "images": 9, "seed": 1, "domains": [null]}""")]
    [InlineData("data.json", null)]
    [InlineData("compute.json", "null")]
    [InlineData("compute.json", """{"precision": "Float32", "precision": "Float32"}""")]
    [InlineData("compute.json", """{"precision": 7}""")]
    [InlineData("compute.json", null)]
    public void FilesOfARunThatCannotBe(string file, string? content)
    {
        tiny.CopyTo(folder["run"]);
        if (content is not null)
            folder.Write($"run/{file}", Encoding.UTF8.GetBytes(content));
        else
        {
            File.Delete(folder[$"run/{file}"]);
            OddFiles.MakePipe(folder[$"run/{file}"]);
        }
        Refuse(
            content is null ? "named pipe" : $"{file} is broken", file == "data.json"
                ? ["evaluate", "--run", "run", "--device", "cpu"]
                : ["train", "--resume", "run", "--epochs", "2", "--device", "cpu"]);
    }

    /// <summary>The command must fail with exit code 2 and one message, which names what is wrong.</summary>
    private void Refuse(string fragment, params string[] arguments)
    {
        CommandResult result = Gpuvae.Run(folder.FullPath, arguments);
        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.StartsWith("gpuvae: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(fragment, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Options.", result.Error, StringComparison.Ordinal);
        Assert.InRange(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 3);
    }

    private string[] Snapshot() =>
        [.. Directory.GetFileSystemEntries(folder.FullPath, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    /// <summary>Images of 6×6 in MNIST's format.</summary>
    private static byte[] Idx(int images)
    {
        byte[] file = new byte[16 + images * 36];
        BinaryPrimitives.WriteInt32BigEndian(file, 0x803);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4), images);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(8), 6);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(12), 6);
        new Random(1).NextBytes(file.AsSpan(16));
        return file;
    }

    private static byte[] Gzip(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(content);
        return packed.ToArray();
    }

    private static byte[] Png(int width, int height)
    {
        var file = new MemoryStream();
        var image = new Image(width, height, 1);
        new Random(1).NextBytes(image.Pixels);
        ImageSharpCodec.Encode(file, image, ".png");
        return file.ToArray();
    }

    /// <summary>A PNG whose header declares a size that its data does not have, with the checksum in order.</summary>
    private static byte[] PngDeclaring(int width, int height)
    {
        byte[] file = Png(6, 6);
        const int header = 12;
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(header + 4), width);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(header + 8), height);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(header + 17), Crc32.HashToUInt32(file.AsSpan(header, 17)));
        Assert.Equal("IHDR", Encoding.ASCII.GetString(file, header, 4));
        return file;
    }
}
