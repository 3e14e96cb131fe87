namespace GpuVae.Tests.Cli;

/// <summary>The main job in small, done once by the command: built-in digits, a narrow network, two epochs.</summary>
public sealed class TrainedRun : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TrainedRun() => Output = Gpuvae.Succeed(
        Root, "train", "--images", "600", "--epochs", "2", "--hidden", "64,32", "--latent", "8", "--name", "small", "--device", "cpu");

    /// <summary>The working directory; the run is runs/small below it.</summary>
    public string Root => folder.FullPath;

    public string Output { get; }

    public string this[string file] => Path.Combine(Root, "runs", "small", file);

    public void Dispose() => folder.Dispose();
}
