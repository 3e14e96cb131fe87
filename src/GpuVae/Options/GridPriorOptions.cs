namespace GpuVae.Options;

/// <summary>A <c>GridPrior</c>: how large it is, and what it is told.</summary>
public sealed record GridPriorOptions
{
    private const int MaxLayers = 64, MaxWidth = 1024, MaxClasses = 10_000;

    /// <summary>Gated layers, each of which sees one place farther.</summary>
    public int Layers { get; init; } = 6;

    /// <summary>Channels of each of both stacks.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Classes that it is told for every image; 0 for one that is told nothing.</summary>
    public int Classes { get; init; }

    /// <summary>What the classes are called; empty where they have no names.</summary>
    public IReadOnlyList<string> LabelNames { get; init; } = [];

    /// <exception cref="BadInputException">A value is out of range.</exception>
    public void Validate()
    {
        if (Layers is < 1 or > MaxLayers)
            throw new BadInputException($"GridPriorOptions.Layers = {Layers} is out of range; choose 1…{MaxLayers}.");
        if (Width is < 1 or > MaxWidth)
            throw new BadInputException($"GridPriorOptions.Width = {Width} is out of range; choose 1…{MaxWidth}.");
        if (Classes is < 0 or 1 or > MaxClasses)
            throw new BadInputException($"GridPriorOptions.Classes = {Classes} is out of range; choose 2…{MaxClasses}, or 0 for none.");
        if (LabelNames.Any(name => name is null) || (LabelNames.Count > 0 && LabelNames.Count != Classes))
            throw new BadInputException($"{LabelNames.Count} label names for {Classes} classes; give one for each, or none.");
    }
}
