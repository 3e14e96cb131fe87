using System.CommandLine;
using GpuVae.Devices;
using Spectre.Console;

namespace GpuVae.Cli.Commands;

internal static class DevicesCommand
{
    private const int RedirectedWidth = 240;

    public static Command Create()
    {
        var command = new ExampleCommand("devices", "Lists the devices that can compute, the preferred one first, and what keeps others from it.", "gpuvae devices");
        command.SetAction(_ => List());
        return command;
    }

    private static void List()
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns("--device", "kind", "name")
            .AddColumn(new TableColumn("memory").RightAligned())
            .AddColumn(new TableColumn("units").RightAligned())
            .AddColumn(new TableColumn("warp").RightAligned());
        foreach (var device in ComputeDevice.List())
        {
            table.AddRow(
                Markup.Escape(device.Name), device.Type.ToString(), Markup.Escape(device.Hardware),
                $"{device.MemoryBytes / (1024.0 * 1024 * 1024):F1} GiB", device.Multiprocessors.ToString(), device.WarpSize.ToString());
        }
        // In a file or a pipe there is no edge to wrap the names at.
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = RedirectedWidth;
        AnsiConsole.Write(table);
        Console.WriteLine("'auto' is the first of them.");
        foreach (string obstacle in ComputeDevice.Obstacles())
            Console.WriteLine($"not usable: {obstacle}");
    }
}
