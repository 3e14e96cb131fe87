using System.Text.Json.Nodes;
using GpuVae.Cli.Commands;

namespace GpuVae.Cli;

/// <summary>What the files of a run tell of it, as far as they are there and whole.</summary>
/// <param name="Name">Of its folder.</param>
/// <param name="Data">What it is trained on.</param>
/// <param name="Epochs">Those that are done.</param>
/// <param name="Options">As <c>gpuvae train --print-config</c> has them; empty for runs that do not tell.</param>
/// <param name="State">Whether it goes on.</param>
internal sealed record RunFacts(string Name, string Data, IReadOnlyList<MetricsLine> Epochs, JsonObject Options, string State)
{
    /// <summary>The epoch whose weights commands take.</summary>
    public MetricsLine? Best => MetricsLine.Best(Epochs);

    public static RunFacts Of(RunFolder run) => new(
        Path.GetFileName(run.Path), Try(() => RunData.Read(run)?.Title) ?? "?", Try(run.ReadMetrics) ?? [],
        Try(() => RunFile.Read<JsonObject>(run, ConfigFile.OfRun, "Delete it.")) ?? [], StateOf(run));

    private static string StateOf(RunFolder run)
    {
        try
        {
            using IDisposable? held = run.TryLock();
            return held is null ? "training" : File.Exists(run.Model) ? "" : "without a model";
        }
        catch (IOException)
        {
            // Of somebody else: it can be read alone.
            return "";
        }
    }

    private static T? Try<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is BadInputException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
