namespace GpuVae.Benchmarks.Peers;

/// <summary>One contestant's time in a row.</summary>
internal sealed record PeerTime(string Name, double Seconds, double LowerQuartile, double UpperQuartile);

/// <summary>One row of the comparison: ours against every peer that was found, timed in turns.</summary>
/// <param name="Name">What was done, such as <c>training step, batch 128</c>.</param>
/// <param name="Group"><c>gemm</c>, <c>seed gemm</c>, <c>step</c> or <c>generate</c>.</param>
/// <param name="Flops">Floating-point operations of one run.</param>
/// <param name="CeilingGflops">The arithmetic ceiling, timed in turns with the contestants.</param>
/// <param name="PercentOfCeiling">What ours reaches of it.</param>
/// <param name="Missing">Peers that could not run, with the reason.</param>
internal sealed record PeerRow(
    string Name, string Group, double Flops, PeerTime Ours, IReadOnlyList<PeerTime> Peers, double CeilingGflops,
    double PercentOfCeiling, IReadOnlyList<string> Missing)
{
    /// <summary>The fastest peer: what ours is measured against.</summary>
    public PeerTime? Best => Peers.MinBy(p => p.Seconds);

    /// <summary>How many times faster ours is than the fastest peer; NaN where no peer ran.</summary>
    public double Ratio => Best is { } best ? best.Seconds / Ours.Seconds : double.NaN;
}
