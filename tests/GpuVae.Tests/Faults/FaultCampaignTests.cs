using System.Text.Json;
using GpuVae.Formats;
using GpuVae.Imaging;
using GpuVae.Tests.Cli;
using GpuVae.Training;

namespace GpuVae.Tests.Faults;

/// <summary>
/// Trainings that are killed at the n-th write, renaming or flush, or refused it. What stands under a final name is whole at every moment,
/// and the resumed run ends with the bytes of one that nothing disturbed.
/// </summary>
public sealed class FaultCampaignTests : IDisposable
{
    private const int Seed = 11;

    // 24 steps with a checkpoint after each.
    private static readonly string[] Training =
    [
        "train", "--images", "40", "--size", "8", "--hidden", "8", "--latent", "2", "--batch", "10", "--epochs", "6",
        "--checkpoint-every", "1", "--seed", "5", "--device", "cpu",
    ];

    /// <summary>Calls that a run cannot do without: when they fail, the command fails.</summary>
    private static readonly string[] Vital = ["write", "pwrite64", "rename", "fsync"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void KillsAndFailingCallsLoseNothing()
    {
        Strace.Require();
        int wanted = Nightly.IsOn ? 600 : 60;
        SystemCall[] calls = Strace.Trace(folder.FullPath, folder["whole"], [.. Training, "--out", "whole"]);
        var random = new Random(Seed);
        int struck = 0, completed = 0;
        for (int round = 0; struck < wanted; round++)
        {
            Assert.True(round < 2 * wanted, $"of {round} faults only {struck} struck");
            (SystemCall call, string fault) = Choose(calls, random);
            (CommandResult result, string? line) = Strace.Inject(folder.FullPath, call, fault, Next());
            string what = $"round {round}, {fault} at {call.Name} {call.Ordinal}: {line}\n{result}";
            struck += line is null ? 0 : 1;
            if (line is not null && line != "killed")
                AssertTold(line, result, what);
            else
                Assert.True(result.ExitCode == (line is null ? 0 : 137), what);
            AssertWhole(what);
            if (result.ExitCode != 0)
                continue;
            AssertAsUndisturbed(what);
            Directory.Delete(folder["run"], recursive: true);
            completed++;
        }
        Gpuvae.Succeed(folder.FullPath, Next());
        AssertAsUndisturbed($"after {struck} faults");
        Assert.True(completed < wanted / 2, $"{completed} runs ended before they could be disturbed");
    }

    [Theory]
    [InlineData("fsync", "EIO")]
    [InlineData("fsync", "ENOSPC")]
    [InlineData("pwrite64", "EIO")]
    [InlineData("pwrite64", "ENOSPC")]
    [InlineData("rename", "EIO")]
    public void ACallThatFailsLeavesEveryFileAsItWas(string name, string error)
    {
        Strace.Require();
        string[] resume = ["train", "--epochs", "7", "--device", "cpu", "--resume"];
        Gpuvae.Succeed(folder.FullPath, [.. Training, "--out", "run"]);
        Copy("run", "other");
        SystemCall first = Strace.Trace(folder.FullPath, folder["other"], [.. resume, "other"]).First(call => call.Name == name);
        Dictionary<string, byte[]> before = Content();

        (CommandResult result, string? line) = Strace.Inject(folder.FullPath, first, $"error={error}", [.. resume, "run"]);
        Assert.NotNull(line);
        AssertTold(line, result, $"{line}\n{result}");
        Dictionary<string, byte[]> after = Content();
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        Assert.All(before, file => Assert.Equal(file.Value, after[file.Key]));
    }

    /// <summary>
    /// Any of the calls, most of all those that bring something to the disk, and the first ones, lest a run ends undisturbed that was
    /// resumed late.
    /// </summary>
    private static (SystemCall Call, string Fault) Choose(SystemCall[] calls, Random random)
    {
        string[] names = [.. Vital, .. Vital, "openat", "flock", "link", "unlink"];
        SystemCall[] ofName;
        do
        {
            string name = names[random.Next(names.Length)];
            ofName = [.. calls.Where(call => call.Name == name)];
        }
        while (ofName.Length == 0);
        double part = Math.Pow(random.NextDouble(), 3);
        SystemCall chosen = ofName[(int)(part * ofName.Length)];
        // Other calls may fail without harm, or harm the runtime.
        bool isKilled = !Vital.Contains(chosen.Name) || random.Next(3) > 0;
        string fault = isKilled ? "signal=KILL" : random.Next(2) == 0 ? "error=EIO" : "error=ENOSPC";
        return (chosen, fault);
    }

    /// <summary>An error of a call on the run is told: exit code 2, and one message that names the file.</summary>
    private void AssertTold(string line, CommandResult result, string what)
    {
        // Threads take turns at writing, so that the n-th call of another may be struck: one of the runtime's own.
        if (!line.Contains(folder.FullPath, StringComparison.Ordinal))
            return;
        Assert.True(result.ExitCode == 2, what);
        Assert.True(result.Error.StartsWith("gpuvae: ", StringComparison.Ordinal), what);
        Assert.True(result.Error.TrimEnd().Split('\n').Length == 1, what);
        Assert.True(result.Error.Contains(folder["run"], StringComparison.Ordinal), what);
    }

    /// <summary>Every file under a final name can be read to its end, and there is none that nobody knows.</summary>
    private void AssertWhole(string what)
    {
        foreach (string path in Directory.Exists(folder["run"]) ? Directory.GetFiles(folder["run"]) : [])
        {
            string name = Path.GetFileName(path);
            try
            {
                switch (name)
                {
                    case "checkpoint":
                        TrainingCheckpoint.Read(path);
                        break;
                    case "config.json":
                        VaeConfig.FromJson(File.ReadAllText(path), path);
                        break;
                    case "data.json" or "compute.json":
                        JsonDocument.Parse(File.ReadAllBytes(path)).Dispose();
                        break;
                    case "metrics.jsonl":
                        foreach (string epoch in File.ReadLines(path))
                            JsonDocument.Parse(epoch).Dispose();
                        break;
                    case "report.html":
                        Assert.EndsWith("</html>", File.ReadAllText(path).TrimEnd(), StringComparison.Ordinal);
                        break;
                    case "lock":
                        break;
                    case string when name.EndsWith(".safetensors", StringComparison.Ordinal):
                        SafetensorsFile.Read(path);
                        break;
                    case string when name.EndsWith(".png", StringComparison.Ordinal):
                        ImageFile.Read(path);
                        break;
                    default:
                        Assert.Matches(@"^\.gpuvae-.*\.tmp$", name);
                        break;
                }
            }
            catch (Exception error)
            {
                Assert.Fail($"{name}: {error.Message}\n{what}");
            }
        }
    }

    private void AssertAsUndisturbed(string what)
    {
        string[] Names(string run) => [.. Directory.GetFiles(folder[run]).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];
        Assert.True(Names("whole").SequenceEqual(Names("run")), $"{string.Join(' ', Names("run"))}\n{what}");
        foreach (string name in Names("whole"))
        {
            // The others hold times.
            if (name is not ("checkpoint" or "metrics.jsonl" or "report.html"))
                Assert.True(File.ReadAllBytes(folder[$"whole/{name}"]).AsSpan().SequenceEqual(File.ReadAllBytes(folder[$"run/{name}"])),
                    $"{name} differs\n{what}");
        }
        Assert.True(Losses("whole").SequenceEqual(Losses("run")), $"{string.Join(' ', Losses("run"))}\n{what}");
    }

    private string[] Next() =>
        File.Exists(folder["run/checkpoint"]) ? ["train", "--resume", "run", "--device", "cpu"] : [.. Training, "--out", "run"];

    private (int, double, double?)[] Losses(string run) =>
        [.. RunFolder.Open(folder[run]).ReadMetrics().Select(line => (line.Epoch, line.TrainLoss, line.TestLoss))];

    private Dictionary<string, byte[]> Content() =>
        Directory.GetFiles(folder["run"]).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);

    private void Copy(string from, string to)
    {
        Directory.CreateDirectory(folder[to]);
        foreach (string file in Directory.GetFiles(folder[from]))
            File.Copy(file, Path.Combine(folder[to], Path.GetFileName(file)));
    }
}
