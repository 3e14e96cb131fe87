using System.Text.Json;
using GpuVae.Formats;
using GpuVae.Imaging;
using GpuVae.Tests.Cli;
using GpuVae.Training;

namespace GpuVae.Tests.Faults;

/// <summary>A run, in a folder of its own, that is killed at system calls or refused them, beside the one that nothing disturbs.</summary>
internal sealed class DisturbedRun(UndisturbedRun undisturbed) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>The folder of the run.</summary>
    public string Run => folder["run"];

    /// <summary>The arguments that begin the training or, where there is a checkpoint, resume it.</summary>
    private string[] Next =>
        File.Exists(folder["run/checkpoint"])
            ? ["train", "--resume", "run", "--device", "cpu"]
            : [.. UndisturbedRun.Training, "--out", "run"];

    public void Dispose() => folder.Dispose();

    /// <summary>Begins or resumes the training, with a fault.</summary>
    public (CommandResult Result, string? Struck) Inject(SystemCall call, string fault) =>
        Strace.Inject(folder.FullPath, call, fault, Next);

    /// <summary>Trains for one epoch more, with a fault.</summary>
    public (CommandResult Result, string? Struck) InjectIntoContinuation(SystemCall call, string fault) =>
        Strace.Inject(folder.FullPath, call, fault, [.. UndisturbedRun.Continuation, "run"]);

    /// <summary>Begins or resumes the training, without a fault.</summary>
    public void Finish() => Gpuvae.Succeed(folder.FullPath, Next);

    /// <summary>The files of the run.</summary>
    public Dictionary<string, byte[]> Content() =>
        Directory.GetFiles(Run).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);

    /// <summary>An error of a call on the run is told: exit code 2, and one message that names the file.</summary>
    public void AssertTold(string line, CommandResult result, string what)
    {
        // Threads take turns at writing, so that the n-th call of another may be struck: one of the runtime's own.
        if (!line.Contains(folder.FullPath, StringComparison.Ordinal))
            return;
        Assert.True(result.ExitCode == 2, what);
        Assert.True(result.Error.StartsWith("gpuvae: ", StringComparison.Ordinal), what);
        Assert.True(result.Error.TrimEnd().Split('\n').Length == 1, what);
        Assert.True(result.Error.Contains(Run, StringComparison.Ordinal), what);
    }

    /// <summary>Every file under a final name can be read to its end, and there is none that nobody knows.</summary>
    public void AssertWhole(string what)
    {
        foreach (string path in Directory.Exists(Run) ? Directory.GetFiles(Run) : [])
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
                    case "data.json" or "compute.json" or "train.json" or "commands.json":
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

    /// <summary>The run has the files of the undisturbed one, with their bytes, and the losses of every epoch once.</summary>
    public void AssertAsUndisturbed(string what)
    {
        Assert.True(Names(undisturbed.Run).SequenceEqual(Names(Run)), $"{string.Join(' ', Names(Run))}\n{what}");
        foreach (string name in Names(undisturbed.Run))
        {
            // The others hold times, the commands that went on with the run, and an empty row for an epoch that was not drawn.
            if (name is not ("checkpoint" or "metrics.jsonl" or "report.html" or "commands.json" or "epochs.png"))
            {
                ReadOnlySpan<byte> expected = File.ReadAllBytes(Path.Combine(undisturbed.Run, name));
                Assert.True(expected.SequenceEqual(File.ReadAllBytes(Path.Combine(Run, name))), $"{name} differs\n{what}");
            }
        }
        Assert.True(Losses(undisturbed.Run).SequenceEqual(Losses(Run)), $"{string.Join(' ', Losses(Run))}\n{what}");
    }

    private static string[] Names(string run) => [.. Directory.GetFiles(run).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];

    private static (int, double, double?)[] Losses(string run) =>
        [.. RunFolder.Open(run).ReadMetrics().Select(line => (line.Epoch, line.TrainLoss, line.TestLoss))];
}
