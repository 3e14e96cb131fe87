namespace GpuVae.Benchmarks.Peers;

/// <summary>A peer that is ready to run: n times, for the seconds per run.</summary>
/// <param name="Threads">0 where a device other than the processor does the work.</param>
internal sealed record Contestant(string Name, int Threads, Func<int, double> Run);

/// <summary>One contestant's time in a row.</summary>
internal sealed record PeerTime(string Name, int Threads, double Seconds, double LowerQuartile, double UpperQuartile);

/// <summary>One row of the comparison: ours against every peer that was found, timed in turns.</summary>
/// <param name="Name">What was done, such as <c>training step, batch 128</c>.</param>
/// <param name="Group">One of those that <c>--only</c> takes.</param>
/// <param name="Flops">Floating-point operations of one run.</param>
/// <param name="Peers">Each with every count of threads.</param>
/// <param name="CeilingGflops">The arithmetic ceiling, timed in turns with the contestants.</param>
internal sealed record PeerRow(
    string Name, string Group, double Flops, PeerTime Ours, IReadOnlyList<PeerTime> Peers, double CeilingGflops)
{
    /// <summary>The fastest peer: what ours is measured against.</summary>
    public PeerTime? Best => Peers.MinBy(p => p.Seconds);

    /// <summary>How many times faster ours is than the fastest peer; NaN where no peer ran.</summary>
    public double Ratio => Best is { } best ? best.Seconds / Ours.Seconds : double.NaN;

    public double Gflops => Flops / Ours.Seconds / 1e9;

    /// <summary>What ours reaches of the ceiling.</summary>
    public double PercentOfCeiling => 100 * Gflops / CeilingGflops;

    /// <summary>Each peer with the count of threads that suits it best, the fastest first.</summary>
    public IEnumerable<PeerTime> Standing() =>
        Peers.GroupBy(p => p.Name).Select(times => times.MinBy(p => p.Seconds)!).OrderBy(p => p.Seconds);
}
