using System.CommandLine;
using System.Globalization;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;
using Spectre.Console;

namespace GpuVae.Cli.Commands;

/// <summary>Measures which kernels are the fastest for the matrix products of a model, once per device.</summary>
internal sealed class TuneCommand
{
    private readonly DataArguments data = new();
    private readonly ModelOptions model = new();
    private readonly TrainingArguments training = new();
    private readonly DeviceArguments device = new();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "tune", "Finds the fastest kernels for the matrix products of a training, and keeps them for later commands.",
            "gpuvae tune",
            "gpuvae tune --batch 512 --hidden 1024,512 --device cuda:0",
            "gpuvae tune --device cuda:0 --precision tf32");
        var tune = new TuneCommand();
        tune.data.AddTo(command, withTestData: false);
        tune.model.AddTo(command);
        tune.training.AddTo(command);
        tune.device.AddTo(command);
        command.SetAction(tune.Run);
        return command;
    }

    private void Run(ParseResult parsed)
    {
        TrainingOptions options = training.Read(parsed);
        VaeOptions architecture = model.Read(parsed);
        using ComputeDevice opened = device.Open(parsed);
        ImageSet images = data.Read(parsed, options.Seed).LoadBoth().Train;
        using var tuned = new Vae(opened, model.For(parsed, architecture, images, hasDomains: false), options.Seed);
        using var trainer = new Trainer(tuned, images, options);
        // One step asks for every product.
        trainer.Profile(1);

        Console.WriteLine($"trying the kernels of {RunResults.Hardware(tuned)} …");
        Table table = new Table().Border(TableBorder.Simple).AddColumns("product", "rows × columns × depth", "fastest")
            .AddColumn(new TableColumn("µs").RightAligned()).AddColumn(new TableColumn("by the rule").RightAligned());
        var found = new List<TunedProduct>();
        foreach ((GemmProblem problem, GemmTuning result) in Tuner.Tune(opened))
        {
            found.Add(new TunedProduct(problem, result.Choice));
            table.AddRow(
                problem.Use.ToString(), $"{problem.M} × {problem.N} × {problem.K}",
                result.Choice.Slices == 1 && result.Choice.InputSlices == 1
                    ? result.Choice.Variant.ToString()
                    : $"{result.Choice.Variant} in {result.Choice.Slices} and {result.Choice.InputSlices} slices",
                (1e6 * result.Seconds).ToString("F1", CultureInfo.InvariantCulture),
                (1e6 * result.RuleSeconds).ToString("F1", CultureInfo.InvariantCulture));
        }
        TableConsole.Write(table);
        MatrixPrecision precision = opened.Options.Precision;
        TuningTable kept = (TuningTable.Find(opened.Accelerator, precision) ?? TuningTable.For(opened.Accelerator, precision)).With(found);
        Console.WriteLine(kept.Save(opened.Accelerator)
            ? $"kept in {TuningTable.PathFor(opened.Accelerator, precision)}; commands use it unless --deterministic is given"
            : $"not kept: {TuningTable.FolderVariable} is off");
    }
}
