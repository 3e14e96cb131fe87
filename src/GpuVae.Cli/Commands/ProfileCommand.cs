using System.Globalization;
using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Scheduling;
using Spectre.Console;

namespace GpuVae.Cli.Commands;

/// <summary>Times every launch of a training step beside what the device can do at most.</summary>
internal static class ProfileCommand
{
    public static Command Create()
    {
        var setup = new TrainingSetup();
        Option<int> repeats = CommonOptions.Number(
            "--repeats", "N", "Steps of which the medians are taken.", 50, NumberRange.Between(1, 100_000));
        Option<string?> trace = CommonOptions.FileOut(
            "--trace", "Also write the step as a trace for chrome://tracing or ui.perfetto.dev.");
        var command = new ExampleCommand(
            "profile", "Times every launch of a training step and says how near each comes to the device's limits.",
            "gpuvae profile",
            "gpuvae profile --batch 512 --device cuda:0",
            "gpuvae profile --hidden 1024,512 --trace step.json")
        {
            repeats, trace,
        };
        setup.AddTo(command, withTestData: false);
        command.SetAction(parsed => setup.Try(parsed, trainer => Profile(trainer, parsed.GetValue(repeats), parsed.GetValue(trace))));
        return command;
    }

    private static void Profile(Trainer trainer, int count, string? trace)
    {
        ComputeDevice device = trainer.Model.Device;
        Console.WriteLine($"measuring the ceilings of {RunResults.Hardware(trainer.Model)} …");
        var ceiling = new Ceiling(device.Accelerator);
        double flops = ceiling.MeasureFlops(device.Stream), bandwidth = ceiling.MeasureBandwidth(device.Stream);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{flops / 1e9:F0} GFLOP/s in registers, {bandwidth / 1e9:F1} GB/s copying; batch {trainer.Options.BatchSize}, "
            + $"medians of {count} steps"));
        trainer.Profile(Math.Min(count, 10));
        IReadOnlyList<(ScheduleStep Step, TimeSpan Time)> steps = trainer.Profile(count);
        Show(steps, flops, bandwidth);
        if (trace is not null)
        {
            ChromeTrace.Write(trace, steps);
            Console.WriteLine($"wrote {trace}");
        }
    }

    private static void Show(IReadOnlyList<(ScheduleStep Step, TimeSpan Time)> steps, double flops, double bandwidth)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumn("launch");
        foreach (string column in (string[])["µs", "share", "GFLOP/s", "GB/s", "% of ceiling"])
            table.AddColumn(new TableColumn(column).RightAligned());
        double total = steps.Sum(s => s.Time.TotalSeconds);
        foreach ((ScheduleStep step, TimeSpan time) in steps)
            table.AddRow(Cells(step.Name, time.TotalSeconds, step.Flops, step.Bytes));
        table.AddEmptyRow();
        table.AddRow(Cells("sum", total, steps.Sum(s => s.Step.Flops), steps.Sum(s => s.Step.Bytes)));
        TableConsole.Write(table);
        Console.WriteLine(
            "% of ceiling: of the limit that binds, arithmetic or memory, by the operations and the least bytes of the launch.");

        string[] Cells(string name, double seconds, double operations, double bytes)
        {
            // The time the launch would need if it ran at the ceiling that binds it.
            double floor = Math.Max(operations / flops, bytes / bandwidth);
            return
            [
                Markup.Escape(name), Number(seconds * 1e6, "F1"), Number(100 * seconds / total, "F1") + " %",
                Number(operations / seconds / 1e9, "F1"), Number(bytes / seconds / 1e9, "F1"), Number(100 * floor / seconds, "F0"),
            ];
        }

        static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
