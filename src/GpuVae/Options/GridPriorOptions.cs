namespace GpuVae.Options;

/// <summary>A <c>GridPrior</c>: what it is made of, how large it is, and what it is told.</summary>
public sealed record GridPriorOptions
{
    private const int MaxLayers = 64, MaxWidth = 1024, MaxHeadSize = 64, MaxClasses = 10_000;

    /// <summary>What it is made of.</summary>
    public CodeNetworkKind Network { get; init; }

    /// <summary>
    /// Gated layers, each of which sees one place farther; of a transformer its blocks, each of which sees all places before.
    /// </summary>
    public int Layers { get; init; } = 6;

    /// <summary>Channels of each of both stacks; of a transformer the numbers of a place, which its heads share.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Of a transformer: heads of its attention. They divide the width, into 64 numbers at most.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Classes that it is told for every image; 0 for one that is told nothing.</summary>
    public int Classes { get; init; }

    /// <summary>What the classes are called; empty where they have no names.</summary>
    public IReadOnlyList<string> LabelNames { get; init; } = [];

    /// <exception cref="BadInputException">A value is out of range.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(Network))
            throw new BadInputException($"GridPriorOptions.Network = {Network} is unknown; choose PixelCnn or Transformer.");
        if (Layers is < 1 or > MaxLayers)
            throw new BadInputException($"GridPriorOptions.Layers = {Layers} is out of range; choose 1…{MaxLayers}.");
        if (Width is < 1 or > MaxWidth)
            throw new BadInputException($"GridPriorOptions.Width = {Width} is out of range; choose 1…{MaxWidth}.");
        if (Heads is < 1 or > MaxWidth)
            throw new BadInputException($"GridPriorOptions.Heads = {Heads} is out of range; choose 1…{MaxWidth}.");
        if (Network == CodeNetworkKind.Transformer && (Width % Heads != 0 || Width / Heads > MaxHeadSize))
            throw new BadInputException(
                $"GridPriorOptions.Width = {Width} does not fall into GridPriorOptions.Heads = {Heads} of the same size, {MaxHeadSize} at "
                + "most. Choose a multiple.");
        if (Classes is < 0 or 1 or > MaxClasses)
            throw new BadInputException($"GridPriorOptions.Classes = {Classes} is out of range; choose 2…{MaxClasses}, or 0 for none.");
        if (LabelNames.Any(name => name is null) || (LabelNames.Count > 0 && LabelNames.Count != Classes))
            throw new BadInputException($"{LabelNames.Count} label names for {Classes} classes; give one for each, or none.");
    }
}
