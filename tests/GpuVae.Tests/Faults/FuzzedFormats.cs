using System.Buffers.Binary;
using System.Text;
using GpuVae.Tests.Cli;
using GpuVae.Tests.Imaging;

namespace GpuVae.Tests.Faults;

/// <summary>A kind of file that the command reads.</summary>
/// <param name="File">Where it stands below the folder of <see cref="FuzzedFormats"/>.</param>
/// <param name="Command">What reads it.</param>
/// <param name="Damage">Its content with wounds.</param>
internal sealed record FuzzedFormat(string File, string Command, Func<byte[], Random, byte[]> Damage);

/// <summary>A small run, data sets and pictures, whole: what is damaged in the tests.</summary>
public sealed class FuzzedFormats : IDisposable
{
    public const string Images = "images-idx3-ubyte", Pictures = "pictures", Run = "run";

    private const string Resume = $"train --resume {Run} --epochs 2 --device cpu";
    private const string Reconstruct = $"reconstruct {{0}} --run {Run} --fit --out out.png --device cpu";
    private const string Evaluate = $"evaluate --run {Run} --metrics reconstruction --device cpu";

    private static readonly string[] Extensions = ["png", "jpg", "webp", "gif", "bmp", "tif", "pgm", "ppm"];

    internal static readonly FuzzedFormat[] All =
    [
        new($"{Run}/model.safetensors", Reconstruct.Replace("{0}", "whole.png", StringComparison.Ordinal), Damage.Safetensors),
        new($"{Run}/config.json", Reconstruct.Replace("{0}", "whole.png", StringComparison.Ordinal), Damage.Json),
        new($"{Run}/data.json", Evaluate, Damage.Json),
        new($"{Run}/compute.json", Resume, Damage.Json),
        new($"{Run}/metrics.jsonl", Resume, Damage.Json),
        new($"{Run}/checkpoint", Resume, Damage.Checkpoint),
        new(Images, $"{Evaluate} --data {Images}", Damage.Bytes),
        new($"{Images}.gz", $"{Evaluate} --data {Images}.gz", Damage.Gzip),
        new($"{Pictures}/attributes.csv", $"{Evaluate} --data {Pictures}", Damage.Bytes),
        .. Extensions.Select(extension => new FuzzedFormat(
            $"picture.{extension}", Reconstruct.Replace("{0}", $"picture.{extension}", StringComparison.Ordinal),
            extension == "png" ? Damage.Png : Damage.Bytes)),
    ];

    private readonly TemporaryFolder folder = new();

    public FuzzedFormats()
    {
        byte[] idx = new byte[16 + 20 * 36];
        BinaryPrimitives.WriteInt32BigEndian(idx, 0x803);
        foreach ((int at, int size) in ((int, int)[])[(4, 20), (8, 6), (12, 6)])
            BinaryPrimitives.WriteInt32BigEndian(idx.AsSpan(at), size);
        new Random(1).NextBytes(idx.AsSpan(16));
        folder.Write(Images, idx);
        // Damage packs it.
        folder.Write($"{Images}.gz", idx);

        var table = new StringBuilder("file,\"a name, quoted\",hair\n");
        for (int i = 0; i < 4; i++)
        {
            folder.Write($"{Pictures}/{i}.png", ImageFormatTests.Encode(ImageFormatTests.Smooth(6, 6, 1), ".png"));
            table.Append(null, $"{i}.png,{0.5 * i},{(i < 2 ? "long" : "no")}\n");
        }
        folder.Write($"{Pictures}/attributes.csv", Encoding.UTF8.GetBytes(table.ToString()));
        folder.Write("whole.png", ImageFormatTests.Encode(ImageFormatTests.Smooth(6, 6, 1), ".png"));
        foreach (string extension in Extensions)
            folder.Write($"picture.{extension}", ImageFormatTests.Encode(ImageFormatTests.Smooth(24, 18, 3), $".{extension}"));

        Gpuvae.Succeed(
            folder.FullPath, "train", "--images", "20", "--size", "6", "--hidden", "8", "--latent", "2", "--batch", "10", "--epochs", "1",
            "--out", Run, "--device", "cpu");
        // The defaults, said: a run without the file is another case.
        folder.Write($"{Run}/compute.json", """{ "precision": "Float32", "tuning": null }"""u8.ToArray());
    }

    /// <summary>The content of a file.</summary>
    public byte[] this[string file] => File.ReadAllBytes(folder[file]);

    /// <summary>Copies everything, with one file replaced.</summary>
    public void CopyTo(string destination, string file, byte[] content)
    {
        foreach (string path in Directory.GetFiles(folder.FullPath, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(destination, Path.GetRelativePath(folder.FullPath, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy, overwrite: true);
        }
        File.WriteAllBytes(Path.Combine(destination, file), content);
    }

    public void Dispose() => folder.Dispose();
}
