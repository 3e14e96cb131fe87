using System.CommandLine;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

/// <summary>The option that names a trained model.</summary>
internal static class RunArgument
{
    /// <summary>Where runs stand if nobody says otherwise.</summary>
    public const string Root = "runs";

    public static Option<string?> Create() => new("--run", "-r")
    {
        Description = $"Folder of a trained model, as 'gpuvae train' made it; without it the newest below {Root}/.",
        HelpName = "FOLDER",
    };

    /// <exception cref="BadInputException">There is no such folder, or no trained model at all.</exception>
    public static RunFolder Open(string? path)
    {
        if (path is not null)
            return RunFolder.Open(path);
        IEnumerable<RunFolder> runs = Directory.Exists(Root) ? Directory.EnumerateDirectories(Root).Select(RunFolder.Open) : [];
        return runs.Where(run => File.Exists(run.Model)).MaxBy(run => File.GetLastWriteTimeUtc(run.Model))
            ?? throw new BadInputException(
                $"There is no trained model below {Root}/. Run 'gpuvae train' first, or name a run folder with --run.");
    }
}
