using System.Diagnostics;
using System.Globalization;
using GpuVae.Benchmarks.Peers;
using GpuVae.Devices;

namespace GpuVae.Benchmarks.Scaling;

/// <summary>What steps take of memory, each model in processes of its own: the most that a process has had stays with it.</summary>
internal static class StepMemory
{
    private static readonly (string Sweep, int Number)[] Rows =
        [("batch", 256), ("batch", 2048), ("batch", 8192), ("image", 256), ("channels", 64)];

    public static void Compare()
    {
        Console.WriteLine(
            "\n| memory of a step, MB | weights | gradients, moments, sums | arena | our process | libtorch's |\n"
            + "|---|---|---|---|---|---|");
        foreach ((string sweep, int number) in Rows)
        {
            using Process child = Process.Start(
                new ProcessStartInfo(
                    Environment.ProcessPath!,
                    [typeof(StepMemory).Assembly.Location, "scaling", "--memory-of", sweep, number.ToString(CultureInfo.InvariantCulture)])
                {
                    RedirectStandardOutput = true,
                })!;
            string ours = child.StandardOutput.ReadToEnd().Trim();
            child.WaitForExit();
            Console.WriteLine($"| {sweep} {number} | {ours} | {Libtorch(Find(sweep, number))} |");
        }
    }

    /// <summary>Prints ours after a few steps in this process.</summary>
    public static void Print(string sweep, string number)
    {
        SweepModel model = Find(sweep, int.Parse(number, CultureInfo.InvariantCulture));
        using var device = ComputeDevice.Open("cpu");
        using var training = new NoiseTraining(device, model.Options, model.Batch);
        for (int i = 0; i < 3; i++)
            training.Trainer.RunStep();
        device.Synchronize();
        long weights = training.Model.Parameters.Values.LengthInBytes, arena = training.Trainer.Schedule.ArenaBytes;
        long[] bytes = [weights, training.Trainer.DeviceBytes - arena - weights, arena, Process.GetCurrentProcess().PeakWorkingSet64];
        Console.WriteLine(string.Join(" | ", bytes.Select(Megabytes)));
    }

    private static string Libtorch(SweepModel model)
    {
        using var libtorch = PeerProcess.TryStartLibtorch(Environment.ProcessorCount, out _);
        if (libtorch is null)
            return "not measured";
        libtorch.Prepare("libtorch", model.Kind, [.. model.Request]);
        libtorch.Time("libtorch", 3);
        return Megabytes(libtorch.PeakBytes());
    }

    private static SweepModel Find(string sweep, int number) =>
        Sweep.All.Single(one => one.Name == sweep).Models.Single(model => model.Number == number);

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("F0", CultureInfo.InvariantCulture);
}
