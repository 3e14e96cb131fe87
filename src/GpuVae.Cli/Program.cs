using System.CommandLine.Help;
using GpuVae.Cli;
using GpuVae.Cli.Commands;

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
    EvaluateCommand.Create(),
    ProfileCommand.Create(),
    TuneCommand.Create(),
};
foreach (HelpOption help in root.Options.OfType<HelpOption>())
    help.Action = new HelpPage();

// Without response files: an argument that begins with @ is a path like any other.
return await Failures.RunAsync(root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null }));
