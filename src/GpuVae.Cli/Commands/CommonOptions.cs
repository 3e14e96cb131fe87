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

    public static Option<string> Out(string description, string file) => new("--out", "-o")
    {
        Description = description,
        HelpName = "PATH",
        DefaultValueFactory = _ => file,
    };
}
