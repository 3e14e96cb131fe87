namespace GpuVae.Tests.Faults;

/// <summary>A training that nothing disturbs, made once for all tests, and the system calls that it and its continuation make.</summary>
public sealed class UndisturbedRun : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Lazy<SystemCall[]> calls, continuationCalls;

    public UndisturbedRun()
    {
        // Not at once: without strace there are neither, and the tests are skipped.
        calls = new(() => Strace.Trace(folder.FullPath, folder["run"], [.. Training, "--out", "run"]));
        continuationCalls = new(() =>
        {
            CopyTo(folder["continued"]);
            return Strace.Trace(folder.FullPath, folder["continued"], [.. Continuation, "continued"]);
        });
    }

    /// <summary>24 steps with a checkpoint after each; the name of the run follows <c>--out</c>.</summary>
    internal static string[] Training { get; } =
    [
        "train", "--images", "40", "--size", "8", "--hidden", "8", "--latent", "2", "--batch", "10", "--epochs", "6",
        "--checkpoint-every", "1", "--seed", "5", "--device", "cpu",
    ];

    /// <summary>One epoch more; the name of the run follows.</summary>
    internal static string[] Continuation { get; } = ["train", "--epochs", "7", "--device", "cpu", "--resume"];

    /// <summary>The calls of the training.</summary>
    internal SystemCall[] Calls => calls.Value;

    /// <summary>The calls of the training's continuation.</summary>
    internal SystemCall[] ContinuationCalls => continuationCalls.Value;

    /// <summary>The folder of the run.</summary>
    internal string Run
    {
        get
        {
            _ = calls.Value;
            return folder["run"];
        }
    }

    public void Dispose() => folder.Dispose();

    /// <summary>Copies the run.</summary>
    internal void CopyTo(string destination)
    {
        Directory.CreateDirectory(destination);
        foreach (string file in Directory.GetFiles(Run))
            File.Copy(file, Path.Combine(destination, Path.GetFileName(file)));
    }
}
