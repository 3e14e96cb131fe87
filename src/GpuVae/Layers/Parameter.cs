namespace GpuVae.Layers;

/// <summary>A named slice of a <c>ParameterStore</c>.</summary>
/// <param name="Name">As in PyTorch's <c>state_dict</c>: <c>encoder.0.weight</c>.</param>
/// <param name="Shape">As in PyTorch: weights [out, in], biases [out].</param>
/// <param name="Offset">Where it starts in the flat buffers, in elements.</param>
public sealed record Parameter(string Name, IReadOnlyList<int> Shape, long Offset)
{
    /// <summary>What the names of a codebook's parameters begin with; they follow after all that are learned by gradients.</summary>
    internal const string CodebookPrefix = "codebook.";

    /// <summary>Whether it is learned by its gradient; what is not comes after all that is.</summary>
    internal bool HasGradient => Name != CenteredInput.MeanName && !Name.StartsWith(CodebookPrefix, StringComparison.Ordinal);

    /// <summary>The product of the shape's extents.</summary>
    public int Length { get; } = Shape.Aggregate(1, (product, extent) => checked(product * extent));
}
