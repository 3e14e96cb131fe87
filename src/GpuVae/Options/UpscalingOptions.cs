namespace GpuVae.Options;

/// <summary>How enlargements are searched for.</summary>
public sealed record UpscalingOptions
{
    /// <summary>Steps of the descent.</summary>
    public int Steps { get; init; } = 150;

    /// <summary>
    /// How far a pixel of the reduced image may be expected to lie from the input, a standard deviation in grey levels of [0, 1].
    /// </summary>
    public double Deviation { get; init; } = 0.05;
}
