using System.Globalization;
using GpuVae.Devices;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Layers;
using Spectre.Console;

namespace GpuVae.Cli.Commands;

/// <summary>Measures which kernels are the fastest for the matrix products of a model, once per device.</summary>
internal static class TuneCommand
{
    public static Command Create()
    {
        var setup = new TrainingSetup();
        var command = new ExampleCommand(
            "tune", "Finds the fastest kernels for the matrix products of a training, and keeps them for later commands.",
            "gpuvae tune",
            "gpuvae tune --batch 512 --hidden 1024,512 --device cuda:0",
            "gpuvae tune --device cuda:0 --precision tf32");
        setup.AddTo(command, withTestData: false);
        command.SetAction(parsed => setup.Try(parsed, Tune));
        return command;
    }

    private static void Tune(Trainer trainer)
    {
        ComputeDevice device = trainer.Model.Device;
        // One step asks for every product.
        trainer.Profile(1);

        Console.WriteLine($"trying the kernels of {RunResults.Hardware(trainer.Model)} …");
        Table table = new Table().Border(TableBorder.Simple).AddColumns("product", "rows × columns × depth", "fastest")
            .AddColumn(new TableColumn("µs").RightAligned()).AddColumn(new TableColumn("by the rule").RightAligned());
        var found = new List<TunedProduct>();
        foreach ((GemmProblem problem, GemmTuning result) in Tuner.Tune(device))
        {
            found.Add(new TunedProduct(problem, result.Choice));
            table.AddRow(
                problem.Use.ToString(), $"{problem.M} × {problem.N} × {problem.K}",
                (result.Choice.Slices, result.Choice.InputSlices) switch
                {
                    (1, 1) => result.Choice.Variant.ToString(),
                    (int slices, 1) => $"{result.Choice.Variant} in {slices} slices",
                    (int slices, int inputSlices) => $"{result.Choice.Variant} in {slices} and {inputSlices} slices",
                },
                (1e6 * result.Seconds).ToString("F1", CultureInfo.InvariantCulture),
                (1e6 * result.RuleSeconds).ToString("F1", CultureInfo.InvariantCulture));
        }
        TableConsole.Write(table);
        MatrixPrecision precision = device.Options.Precision;
        TuningTable kept = (TuningTable.Find(device.Accelerator, precision) ?? TuningTable.For(device.Accelerator, precision)).With(found);
        Console.WriteLine(kept.Save(device.Accelerator)
            ? $"kept in {TuningTable.PathFor(device.Accelerator, precision)}; commands use it unless --deterministic is given"
            : $"not kept: {TuningTable.FolderVariable} is off");
    }
}
