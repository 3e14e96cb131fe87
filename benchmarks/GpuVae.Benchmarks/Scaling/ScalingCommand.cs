using System.CommandLine;
using System.Text.Json;
using GpuVae.Benchmarks.Peers;
using GpuVae.Devices;
using GpuVae.Formats;
using GpuVae.Kernels.Common;

namespace GpuVae.Benchmarks.Scaling;

/// <summary>
/// How the time of a training step grows with what is asked of it, ours in turns with libtorch on all processors, and the memory that
/// both take. benchmarks/peers.sh scaling has libtorch.
/// </summary>
internal static class ScalingCommand
{
    private const double TurnSeconds = 0.1;

    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    };

    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { Description = "Turns per contestant.", DefaultValueFactory = _ => 5 };
        var folder = new Option<string>("--out")
        {
            Description = "Folder for scaling.json and scaling.svg.",
            DefaultValueFactory = _ => "artifacts/scaling",
        };
        // For the child processes in which memory is measured.
        var memoryOf = new Option<string[]>("--memory-of")
        {
            Arity = new ArgumentArity(2, 2),
            AllowMultipleArgumentsPerToken = true,
            Hidden = true,
        };
        var command = new Command("scaling", "Times steps over batch, latent units, width, image and channels, and measures memory.")
        {
            rounds, folder, memoryOf,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(memoryOf) is [var sweep, var number])
                StepMemory.Print(sweep, number);
            else
                Run(Math.Max(1, parsed.GetValue(rounds)), parsed.GetValue(folder)!);
        });
        return command;
    }

    private static void Run(int rounds, string folder)
    {
        using var device = ComputeDevice.Open("cpu");
        using var libtorch = PeerProcess.TryStartLibtorch(Environment.ProcessorCount, out string reason);
        if (libtorch is null)
            Console.WriteLine($"missing: libtorch: {reason}");
        var ceiling = new Ceiling(device.Accelerator);
        var sweeps = new List<(Sweep Sweep, List<SweepTime> Times)>();
        foreach (Sweep sweep in Sweep.All)
        {
            Console.WriteLine(
                $"\n| {sweep.Name} ({sweep.About}) | ours | libtorch | ratio | GFLOP/s | % of ceiling |\n|---|---|---|---|---|---|");
            var times = new List<SweepTime>();
            foreach (SweepModel model in sweep.Models)
            {
                SweepTime time = Time(device, libtorch, ceiling, model, rounds);
                times.Add(time);
                string theirs = time.Libtorch is { } seconds ? Milliseconds(seconds) : "not measured";
                Console.WriteLine(
                    $"| {model.Number} | {Milliseconds(time.Ours)} | {theirs} | {time.Libtorch / time.Ours:F2}× "
                    + $"| {time.Flops / time.Ours / 1e9:F0} | {100 * time.Flops / time.Ours / time.Ceiling:F0} |");
            }
            sweeps.Add((sweep, times));
        }
        StepMemory.Compare();
        Directory.CreateDirectory(folder);
        AtomicFile.Write(
            Path.Combine(folder, "scaling.json"),
            s => JsonSerializer.Serialize(s, sweeps.Select(entry => new { entry.Sweep.Name, entry.Sweep.About, entry.Times }), Format));
        File.WriteAllText(
            Path.Combine(folder, "scaling.svg"),
            LineCharts.Svg(
                "Milliseconds per training step (logarithmic)", ["GpuVae", "libtorch 2.10"],
                [.. sweeps.Select(entry => new LineChart(
                    $"{entry.Sweep.Name}: {entry.Sweep.About}",
                    [.. entry.Times.Select(time => ((double)time.Number, (double?[])[1e3 * time.Ours, 1e3 * time.Libtorch]))]))]));
        Console.WriteLine($"wrote {folder}/scaling.json and scaling.svg");
    }

    private static SweepTime Time(ComputeDevice device, PeerProcess? libtorch, Ceiling ceiling, SweepModel model, int rounds)
    {
        using var training = new NoiseTraining(device, model.Options, model.Batch);
        List<Func<int, double>> contestants = [Alternation.Contestant(training.Trainer.RunStep, device.Synchronize)];
        contestants.Add(_ => 1 / ceiling.MeasureFlops(device.Stream));
        if (libtorch is not null)
        {
            libtorch.Prepare("libtorch", model.Kind, [.. model.Request]);
            contestants.Add(runs => libtorch.Time("libtorch", runs));
        }
        Spread[] times = Alternation.Time(contestants, rounds, TurnSeconds);
        libtorch?.Forget();
        return new(
            model.Number, times[0].Median, libtorch is null ? null : times[2].Median, training.Trainer.Schedule.Flops, 1 / times[1].Median);
    }

    private static string Milliseconds(double seconds) => seconds < 1e-3 ? $"{seconds * 1e3:F3} ms" : $"{seconds * 1e3:F2} ms";

    /// <summary>Seconds of a step, medians over the rounds.</summary>
    private sealed record SweepTime(int Number, double Ours, double? Libtorch, double Flops, double Ceiling);
}
