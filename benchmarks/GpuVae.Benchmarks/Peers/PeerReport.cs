using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using GpuVae.Devices;
using GpuVae.Formats;

namespace GpuVae.Benchmarks.Peers;

/// <summary>Prints rows as a Markdown table as they come, and writes them as JSON and SVG.</summary>
internal sealed class PeerReport(ComputeDevice device)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly string machine = $"{Processor()}, {Environment.ProcessorCount} processors";
    private readonly string date = DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
    private readonly string command = string.Join(' ', Environment.GetCommandLineArgs().Skip(1));
    private readonly List<string> peers = [], missing = [];
    private readonly List<PeerRow> rows = [];

    private string Ours => $"{device.Name} ({device.Accelerator.Name})";

    /// <summary>A peer that takes part.</summary>
    public void Found(string version) => peers.Add(version);

    /// <summary>A peer that does not, in this row or at all.</summary>
    public void Missing(string what)
    {
        missing.Add(what);
        Console.WriteLine($"missing: {what}");
    }

    public void Begin(double ceiling)
    {
        Console.WriteLine($"""
            {machine}, {date}: {command}
            ours on {Ours}, arithmetic ceiling {ceiling / 1e9:F0} GFLOP/s
            {string.Join('\n', peers)}
            Peers' batches lie ready as floats; ours are gathered from bytes, and their loss is logged.
            """);
    }

    public void Add(PeerRow row)
    {
        if (rows.Count == 0 || rows[^1].Group != row.Group)
            Console.WriteLine("\n| what | ours | best peer | ratio | GFLOP/s | % of ceiling | all peers |\n|---|---|---|---|---|---|---|");
        rows.Add(row);
        string best = row.Best is { } peer ? Text(peer) : "not measured";
        Console.WriteLine(
            $"| {row.Name} | {Text(row.Ours.Seconds)} | {best} | {row.Ratio:F2}× | {row.Gflops:F0} | {row.PercentOfCeiling:F0} "
            + $"| {string.Join("; ", row.Standing().Select(Text))} |");
    }

    public void Write(string folder)
    {
        double[] seed = [.. rows.Where(r => r.Group == "seed-gemm").Select(r => r.Ratio).Where(double.IsFinite)];
        if (seed.Length > 0)
            Console.WriteLine($"\nGeometric mean over the seed's shapes: {Math.Exp(seed.Average(Math.Log)):F2}×.");
        Directory.CreateDirectory(folder);
        var document = new { machine, date, command, device = Ours, peers, missing, rows };
        AtomicFile.Write(Path.Combine(folder, "peers.json"), s => JsonSerializer.Serialize(s, document, Format));
        string svg = BarChart.Svg($"Times faster than the best peer, {device.Accelerator.Name}", [.. rows.Select(r => (r.Name, r.Ratio))]);
        File.WriteAllText(Path.Combine(folder, "peers.svg"), svg);
        Console.WriteLine($"wrote {folder}/peers.json and peers.svg");
    }

    private static string Processor()
    {
        const string key = "model name";
        string? line = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith(key)) : null;
        return line is null ? "unknown processor" : line[(line.IndexOf(':') + 1)..].Trim();
    }

    private static string Text(PeerTime peer)
    {
        string threads = peer.Threads switch { 0 => "", 1 => ", 1 thread", int n => $", {n} threads" };
        return $"{Text(peer.Seconds)} ({peer.Name}{threads})";
    }

    private static string Text(double seconds) => seconds < 1e-3 ? $"{seconds * 1e6:F1} µs" : $"{seconds * 1e3:F2} ms";
}
