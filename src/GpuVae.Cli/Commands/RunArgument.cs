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
        var newest = Directory.Exists(Root)
            ? new DirectoryInfo(Root).EnumerateDirectories()
                .Where(d => File.Exists(Path.Combine(d.FullName, "model.safetensors")))
                .MaxBy(d => File.GetLastWriteTimeUtc(Path.Combine(d.FullName, "model.safetensors")))
            : null;
        return newest is not null
            ? RunFolder.Open(newest.FullName)
            : throw new BadInputException(
                $"There is no trained model below {Root}/. Run 'gpuvae train' first, or name a run folder with --run.");
    }
}
