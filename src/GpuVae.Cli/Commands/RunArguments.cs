using System.CommandLine;
using GpuVae.Devices;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

/// <summary>The options that name a trained model and the device that it is to run on.</summary>
internal sealed class RunArguments
{
    /// <summary>Where runs stand if nobody says otherwise.</summary>
    public const string Root = "runs";

    private readonly Option<string?> run = CommonOptions.Text(
        "--run", "FOLDER", $"Folder of a trained model, as 'gpuvae train' made it; without it the newest below {Root}/.", "-r");

    private readonly DeviceArguments device = new();

    public void AddTo(ExampleCommand command)
    {
        command.Options.Add(run);
        device.AddTo(command);
    }

    /// <exception cref="BadInputException">There is no such folder, no trained model at all, or no such device.</exception>
    public OpenedRun Open(ParseResult parsed)
    {
        RunFolder folder = parsed.GetValue(run) is { } path ? RunFolder.Open(path) : Newest();
        ComputeDevice opened = device.Open(parsed);
        try
        {
            return new OpenedRun(folder, Vae.Load(opened, folder.Path));
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private static RunFolder Newest()
    {
        IEnumerable<RunFolder> runs = Directory.Exists(Root) ? Directory.EnumerateDirectories(Root).Select(RunFolder.Open) : [];
        return runs.Where(run => File.Exists(run.Model)).MaxBy(run => File.GetLastWriteTimeUtc(run.Model))
            ?? throw new BadInputException(
                $"There is no trained model below {Root}/. Run 'gpuvae train' first, or name a run folder with --run.");
    }
}

/// <summary>A trained model on a device of its own.</summary>
internal sealed record OpenedRun(RunFolder Folder, Vae Model) : IDisposable
{
    public void Dispose()
    {
        Model.Dispose();
        Model.Device.Dispose();
    }
}
