namespace GpuVae.Layers;

/// <summary>A named slice of a <c>ParameterStore</c>.</summary>
/// <param name="Name">As in PyTorch's <c>state_dict</c>: <c>encoder.0.weight</c>.</param>
/// <param name="Shape">As in PyTorch: weights [out, in], biases [out].</param>
/// <param name="Offset">Where it starts in the flat buffers, in elements.</param>
public sealed record Parameter(string Name, IReadOnlyList<int> Shape, long Offset)
{
    /// <summary>The product of the shape's extents.</summary>
    public int Length { get; } = Shape.Aggregate(1, (product, extent) => checked(product * extent));
}
