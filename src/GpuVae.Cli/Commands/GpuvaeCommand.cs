using System.CommandLine.Help;

namespace GpuVae.Cli.Commands;

/// <summary>The command that all others are part of.</summary>
internal static class GpuvaeCommand
{
    public static RootCommand Create()
    {
        var root = new RootCommand("Trains variational autoencoders on images and generates new ones, on the best device of this machine.")
        {
            DevicesCommand.Create(),
            TrainCommand.Create(),
            GenerateCommand.Create(),
            ReconstructCommand.Create(),
            InterpolateCommand.Create(),
            EditCommand.Create(),
            InpaintCommand.Create(),
            UpscaleCommand.Create(),
            TranslateCommand.Create(),
            ArtCommand.Create(),
            ServeCommand.Create(),
            EvaluateCommand.Create(),
            ExportCommand.Create(),
            CardCommand.Create(),
            ProfileCommand.Create(),
            TuneCommand.Create(),
        };
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
            help.Action = new HelpPage();
        return root;
    }
}
