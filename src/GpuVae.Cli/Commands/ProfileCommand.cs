using System.CommandLine;
using System.Globalization;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Scheduling;
using GpuVae.Training;
using Spectre.Console;

namespace GpuVae.Cli.Commands;

/// <summary>Times every launch of a training step beside what the device can do at most.</summary>
internal sealed class ProfileCommand
{
    private readonly DataArguments data = new();
    private readonly ModelOptions model = new();
    private readonly TrainingArguments training = new();
    private readonly DeviceArguments device = new();
    private readonly Option<int> repeats = CommonOptions.Number(
        "--repeats", "N", "Steps of which the medians are taken.", 50, NumberRange.Between(1, 100_000));

    private readonly Option<string?> trace = CommonOptions.FileOut(
        "--trace", "Also write the step as a trace for chrome://tracing or ui.perfetto.dev.");

    public static Command Create()
    {
        var command = new ExampleCommand(
            "profile", "Times every launch of a training step and says how near each comes to the device's limits.",
            "gpuvae profile",
            "gpuvae profile --batch 512 --device cuda:0",
            "gpuvae profile --hidden 1024,512 --trace step.json");
        var profile = new ProfileCommand();
        profile.data.AddTo(command, withTestData: false);
        profile.model.AddTo(command);
        profile.training.AddTo(command);
        profile.device.AddTo(command);
        command.Options.Add(profile.repeats);
        command.Options.Add(profile.trace);
        command.SetAction(profile.Run);
        return command;
    }

    private void Run(ParseResult parsed)
    {
        int count = parsed.GetValue(repeats);
        TrainingOptions options = training.Read(parsed);
        VaeOptions architecture = model.Read(parsed);
        using ComputeDevice opened = device.Open(parsed);
        ImageSet images = data.Read(parsed, options.Seed).LoadBoth().Train;
        using var profiled = new Vae(opened, model.For(parsed, architecture, images, hasDomains: false), options.Seed);
        using var trainer = new Trainer(profiled, images, options);

        Console.WriteLine($"measuring the ceilings of {RunResults.Hardware(profiled)} …");
        var ceiling = new Ceiling(opened.Accelerator);
        double flops = ceiling.MeasureFlops(opened.Stream), bandwidth = ceiling.MeasureBandwidth(opened.Stream);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{flops / 1e9:F0} GFLOP/s in registers, {bandwidth / 1e9:F1} GB/s copying; batch {trainer.Options.BatchSize}, medians of {count} steps"));
        trainer.Profile(Math.Min(count, 10));
        IReadOnlyList<(ScheduleStep Step, TimeSpan Time)> steps = trainer.Profile(count);
        Show(steps, flops, bandwidth);
        if (parsed.GetValue(trace) is { } path)
        {
            ChromeTrace.Write(path, steps);
            Console.WriteLine($"wrote {path}");
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
        Console.WriteLine("% of ceiling: of the limit that binds, arithmetic or memory, by the operations and the least bytes of the launch.");

        string[] Cells(string name, double seconds, double operations, double bytes)
        {
            // The time the launch would need if it ran at the ceiling that binds it.
            double floor = Math.Max(operations / flops, bytes / bandwidth);
            return
            [
                Markup.Escape(name), Number(seconds * 1e6, "F1"), Number(100 * seconds / total, "F1") + " %", Number(operations / seconds / 1e9, "F1"),
                Number(bytes / seconds / 1e9, "F1"), Number(100 * floor / seconds, "F0"),
            ];
        }

        static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
