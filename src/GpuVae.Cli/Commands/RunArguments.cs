using GpuVae.Devices;

namespace GpuVae.Cli.Commands;

/// <summary>The options that name a trained model and the device that it is to run on.</summary>
internal sealed class RunArguments
{
    /// <summary>Where runs stand if nobody says otherwise.</summary>
    public const string Root = "runs";

    private readonly Option<string?> run = CommonOptions.Text(
        "--run", "MODEL", "A trained model: the folder that 'gpuvae train' made, one .safetensors file of 'gpuvae export', or the name of "
            + $"a model that is there from the start ({string.Join(", ", ReadyModels.Names)}); without it the newest run below {Root}/.",
        "-r", "--model");

    private readonly DeviceArguments device = new();

    /// <summary>Adds the options to the command, which is then to do <paramref name="action"/> with the model that they name.</summary>
    public void Act(ExampleCommand command, Action<ParseResult, RunFolder, Vae> action)
    {
        AddTo(command);
        bool writesPictures = command.Options.Any(option => option.Name == PictureOutput.PathName);
        command.SetAction(parsed =>
        {
            if (writesPictures)
                Pictures.CompileAhead();
            RunFolder folder = Folder(parsed);
            using ComputeDevice opened = OpenDevice(parsed);
            using Vae model = folder.Load(opened, new Notes());
            action(parsed, folder, model);
        });
    }

    public void AddTo(ExampleCommand command)
    {
        command.Options.Add(run);
        device.AddTo(command);
    }

    /// <exception cref="BadInputException">The folder does not exist, or none is named and there is no trained model.</exception>
    public RunFolder Folder(ParseResult parsed) => parsed.GetValue(run) is { } path ? RunFolder.Open(ReadyModels.PathOf(path)) : Newest();

    /// <exception cref="BadInputException">There is no such device.</exception>
    public ComputeDevice OpenDevice(ParseResult parsed) => device.Open(parsed);

    /// <summary>The runs of a folder; none where there is no such folder.</summary>
    public static IEnumerable<RunFolder> Below(string root) =>
        (Directory.Exists(root) ? Directory.EnumerateDirectories(root) : []).Select(RunFolder.Open)
            .Where(run => File.Exists(run.Model) || File.Exists(run.Checkpoint));

    /// <summary>When its model was written last, in UTC.</summary>
    public static DateTime Written(RunFolder run) => File.GetLastWriteTimeUtc(File.Exists(run.Model) ? run.Model : run.Checkpoint);

    private static RunFolder Newest()
    {
        RunFolder newest = Below(Root).Where(run => File.Exists(run.Model)).MaxBy(Written)
            ?? throw new BadInputException(
                $"There is no trained model below {Root}/. Run 'gpuvae train' first, name a run folder with --run, or take one that "
                + $"is ready: --run {ReadyModels.Names[0]}.");
        Console.WriteLine($"run {Path.Combine(Root, Path.GetFileName(newest.Path))}, the newest");
        return newest;
    }
}
