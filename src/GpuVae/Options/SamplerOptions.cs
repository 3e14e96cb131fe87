namespace GpuVae.Options;

/// <summary>How <c>SamplerFit</c> fits a sampler to the codes of a model.</summary>
public sealed record SamplerOptions
{
    /// <summary>The most components of a mixture.</summary>
    public const int MaxComponents = 1024;

    /// <summary>Which; null for the one under which the codes of held-out images are most likely.</summary>
    public SamplerKind? Kind { get; init; }

    /// <summary>
    /// Normals of the mixture, of each label that has one of its own; 0 for the number under which held-out codes are most likely.
    /// </summary>
    public int Components { get; init; }

    /// <summary>
    /// Where <see cref="Kind"/> is left open: the floating-point operations that training a flow may take. If it needs more, none is tried.
    /// </summary>
    public double FlowWork { get; init; }

    /// <summary>Images at most, evenly taken from the set; a tenth of them is held out.</summary>
    public int Images { get; init; } = 15_000;

    /// <summary>Seed of the codes' noise and of the start.</summary>
    public ulong Seed { get; init; } = 1;

    /// <exception cref="BadInputException">A value is out of range.</exception>
    public void Validate()
    {
        if (Kind is { } kind && !Enum.IsDefined(kind))
            throw new BadInputException($"There is no sampler {kind}; choose one of {string.Join(", ", Enum.GetNames<SamplerKind>())}.");
        if (Components is < 0 or > MaxComponents)
            throw new BadInputException(
                $"A mixture of {Components} components is out of range; choose 1…{MaxComponents}, or 0 to have it chosen.");
        if (!(FlowWork >= 0))
            throw new BadInputException($"{FlowWork} operations for a flow are out of range; they must not be negative.");
        if (Images < 1)
            throw new BadInputException($"{Images} images are too few to fit a sampler to.");
    }
}
