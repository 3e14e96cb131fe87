using GpuVae.Devices;
using Spectre.Console;

namespace GpuVae.Cli.Commands;

internal static class DevicesCommand
{
    public static Command Create()
    {
        var command = new ExampleCommand(
            "devices", "Lists the devices that can compute, the preferred one first, and what keeps others from it.", "gpuvae devices");
        command.SetAction(_ => List());
        return command;
    }

    private static void List()
    {
        Table table = new Table().Border(TableBorder.Simple)
            .AddColumns("--device", "kind", "name")
            .AddColumn(new TableColumn("memory").RightAligned())
            .AddColumn(new TableColumn("units").RightAligned())
            .AddColumn(new TableColumn("warp").RightAligned());
        foreach (DeviceDescription device in ComputeDevice.List())
        {
            table.AddRow(
                Markup.Escape(device.Name), device.Type.ToString(), Markup.Escape(Printable.Of(device.Hardware)),
                $"{device.MemoryBytes / (1024.0 * 1024 * 1024):F1} GiB", device.Multiprocessors.ToString(),
                device.WarpSize == 0 ? "–" : device.WarpSize.ToString());
        }
        TableConsole.Write(table);
        Console.WriteLine("'auto' is the first of them. ilgpu-cpu is ILGPU's emulator for debugging kernels: slow, and never 'auto'.");
        foreach (string obstacle in ComputeDevice.Obstacles())
            Console.WriteLine($"not usable: {obstacle}");
    }
}
