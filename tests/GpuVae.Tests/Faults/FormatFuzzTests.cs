using System.Diagnostics;
using System.Text;
using GpuVae.Data;
using GpuVae.Formats;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Faults;

/// <summary>
/// Damaged files of every format but pictures (ImageFuzzTests) end in what they hold or in a message, soon and in bounded memory. The seed
/// makes them again.
/// </summary>
public sealed class FormatFuzzTests(FuzzedFormats whole, CpuDevice cpu)
    : IClassFixture<FuzzedFormats>, IClassFixture<CpuDevice>, IDisposable
{
    private const long MemoryLimit = 256 << 20;
    private static readonly int Files = Nightly.IsOn ? 5000 : 500;

    /// <summary>Not how fast it is, but that it ends.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void DamagedSafetensors() => Fuzz($"{FuzzedFormats.Run}/model.safetensors", path => SafetensorsFile.Read(path));

    [Fact]
    public void DamagedWeightsOfAModel() => Fuzz($"{FuzzedFormats.Run}/model.safetensors", LoadRun);

    [Fact]
    public void DamagedConfigurations() => Fuzz($"{FuzzedFormats.Run}/config.json", LoadRun);

    [Fact]
    public void DamagedCheckpoints()
    {
        ImageSet images = DataSource.Load("digits", new DataOptions
        {
            SyntheticCount = 20,
            Size = new ImageSize(6, 6),
        }).Train;
        Fuzz($"{FuzzedFormats.Run}/checkpoint", path =>
        {
            using var trainer = Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(path), images);
            Assert.InRange(trainer.Step, 0, trainer.Steps);
        }, images.Name);
    }

    [Fact]
    public void DamagedMetrics() => Fuzz(
        $"{FuzzedFormats.Run}/metrics.jsonl", path => RunFolder.Open(Path.GetDirectoryName(path)!).ReadMetrics());

    [Fact]
    public void DamagedIdxFiles() => Fuzz(FuzzedFormats.Images, path => IdxFile.Read(path));

    [Fact]
    public void DamagedCompressedIdxFiles() => Fuzz($"{FuzzedFormats.Images}.gz", path => IdxFile.Read(path));

    [Fact]
    public void DamagedAttributes() => Fuzz(
        $"{FuzzedFormats.Pictures}/attributes.csv", path => DataSource.LoadSingle(Path.GetDirectoryName(path)!));

    private void LoadRun(string file) => Vae.Load(cpu.Device, Path.GetDirectoryName(file)!).Dispose();

    private void Fuzz(string file, Action<string> read, params string[] others)
    {
        var random = new Random(20_26);
        FuzzedFormat format = FuzzedFormats.All.Single(format => format.File == file);
        byte[] content = whole[file];
        whole.CopyTo(folder.FullPath, file, content);
        string path = folder[file];
        string[] names = [Path.GetDirectoryName(path)!, .. others];
        int refused = 0;
        for (int i = 0; i < Files; i++)
        {
            byte[] damaged = format.Damage(content, random);
            File.WriteAllBytes(path, damaged);
            long allocated = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            try
            {
                read(path);
            }
            catch (BadInputException error)
            {
                // What belongs together is told to differ by the name of either.
                Assert.Contains(names, name => error.Message.Contains(name, StringComparison.Ordinal));
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"{file} {i}: {Encoding.Latin1.GetString(damaged, 0, Math.Min(damaged.Length, 3000))}\n{error}");
            }
            Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Limit);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, MemoryLimit);
        }
        Assert.InRange(refused, 1, Files);
    }
}
