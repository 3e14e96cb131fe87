using System.CommandLine;

namespace GpuVae.Cli.Commands;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    public static Option<string> Device() => new("--device", "-d")
    {
        Description = "Where to compute: auto, cpu, cuda:0, opencl:0 …; 'gpuvae devices' lists them.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "auto",
    };

    public static Option<ulong> Seed() => new("--seed")
    {
        Description = "Everything random follows from it; the same seed gives the same result.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };

    public static Option<string> Data(string description) => new("--data")
    {
        Description = description + " 'digits' (built in), a folder of MNIST-style IDX files, an IDX file, or a folder of images.",
        HelpName = "WHAT",
        DefaultValueFactory = _ => "digits",
    };

    public static Option<string?> Size() => new("--size")
    {
        Description = "Crop and scale the images of a folder to this size: 64 or 96x64.",
        HelpName = "PIXELS",
    };

    public static Option<string?> Run() => new("--run", "-r")
    {
        Description = "The run folder of a trained model, as 'gpuvae train' made it; without it the newest below runs/.",
        HelpName = "FOLDER",
    };

    public static Option<string> Out(string description, string file) => new("--out", "-o")
    {
        Description = description,
        HelpName = "PATH",
        DefaultValueFactory = _ => file,
    };
}
