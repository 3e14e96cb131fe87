using System.CommandLine;
using GpuVae.Devices;

namespace GpuVae.Cli.Commands;

/// <summary>The options that choose where to compute.</summary>
internal sealed class DeviceArguments
{
    private readonly Option<string> device = new("--device", "-d")
    {
        Description = "Where to compute: auto, cpu, cuda:0, opencl:0 …; 'gpuvae devices' lists them.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<bool> isChecked = new("--checked")
    {
        Description = "Run every kernel slowly on the CPU and report what a GPU would silently get wrong: indices outside a view, races, "
            + "divergent barriers, reads of memory that nothing wrote.",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(device);
        command.Options.Add(isChecked);
    }

    /// <exception cref="BadInputException">There is no such device, or --checked was asked of another device than the CPU.</exception>
    public ComputeDevice Open(ParseResult parsed)
    {
        string name = parsed.GetValue(device)!;
        if (!parsed.GetValue(isChecked))
            return ComputeDevice.Open(name);
        return name is "auto" or "cpu"
            ? ComputeDevice.OpenChecked()
            : throw new BadInputException($"--checked runs on the CPU; leave out --device {name}.");
    }
}
