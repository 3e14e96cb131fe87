using System.CommandLine.Help;

namespace GpuVae.Cli.Commands;

/// <summary>The command that all others are part of.</summary>
internal static class GpuvaeCommand
{
    private static readonly (string Name, Func<Command> Create)[] Parts =
    [
        ("devices", DevicesCommand.Create),
        ("data", DataCommand.Create),
        ("train", TrainCommand.Create),
        ("train-prior", TrainPriorCommand.Create),
        ("runs", RunsCommand.Create),
        ("compare", CompareCommand.Create),
        ("generate", GenerateCommand.Create),
        ("reconstruct", ReconstructCommand.Create),
        ("interpolate", InterpolateCommand.Create),
        ("edit", EditCommand.Create),
        ("inpaint", InpaintCommand.Create),
        ("upscale", UpscaleCommand.Create),
        ("translate", TranslateCommand.Create),
        ("art", ArtCommand.Create),
        ("serve", ServeCommand.Create),
        ("evaluate", EvaluateCommand.Create),
        ("export", ExportCommand.Create),
        ("card", CardCommand.Create),
        ("profile", ProfileCommand.Create),
        ("tune", TuneCommand.Create),
        ("completion", CompletionCommand.Create),
    ];

    /// <summary>
    /// Every command, with its options where the arguments begin with it or with none: to make them all takes longer than some commands
    /// run.
    /// </summary>
    public static RootCommand Create(string[] arguments)
    {
        var root = new RootCommand("Trains variational autoencoders on images and generates new ones, on the best device of this machine.");
        bool isNamed = Parts.Any(part => part.Name == arguments.FirstOrDefault());
        foreach ((string name, Func<Command> create) in Parts)
            root.Add(isNamed && name != arguments[0] ? new Command(name) : create());
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
            help.Action = new HelpPage();
        return root;
    }
}
