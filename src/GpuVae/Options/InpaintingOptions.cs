namespace GpuVae.Options;

/// <summary>How completions are searched for.</summary>
public sealed record InpaintingOptions
{
    /// <summary>Everything random follows from it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Steps of the descent to the most probable completion.</summary>
    public int DescentSteps { get; init; } = 150;

    /// <summary>Steps of a chain from its start to its sample.</summary>
    public int SamplingSteps { get; init; } = 300;
}
