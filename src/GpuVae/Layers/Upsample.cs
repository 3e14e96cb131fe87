using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// Images enlarged to twice their sides, or one pixel less: PyTorch's <c>nn.Upsample(scale_factor=2, mode=…)</c>, cut to the size wanted.
/// </summary>
/// <param name="name">As in PyTorch.</param>
/// <param name="shape">What comes out, for one image.</param>
/// <param name="isBilinear">Interpolated, or each pixel copied.</param>
internal sealed class Upsample(string name, UpsamplingShape shape, bool isBilinear)
    : FixedLayer(name, shape.SourceHeight * shape.SourceWidth * shape.Channels, shape.Height * shape.Width * shape.Channels)
{
    // Products and sums of two pixels of two rows.
    private const double BilinearFlops = 9;

    /// <summary>What comes out, for one image.</summary>
    public UpsamplingShape Shape => shape;

    /// <summary>Interpolated, or each pixel copied.</summary>
    public bool IsBilinear => isBilinear;

    protected override void AppendForward(LayerContext context, PlannedTensor x, PlannedTensor y)
    {
        Action<AcceleratorStream, UpsamplingShape, ArrayView<float>, ArrayView<float>> enlarge =
            isBilinear ? context.Kernels.BilinearUpsampling.Forward : context.Kernels.Upsampling.Forward;
        UpsamplingShape batched = shape with { Batch = x.Rows };
        context.Builder.Add(
            $"{Name} forward", isBilinear ? BilinearFlops * y.Length : 0, 4.0 * (x.Length + y.Length), [x, y],
            stream => enlarge(stream, batched, x.View, y.View));
    }

    protected override void AppendBackward(LayerContext context, PlannedTensor dy, PlannedTensor dx)
    {
        Action<AcceleratorStream, UpsamplingShape, ArrayView<float>, ArrayView<float>> gather =
            isBilinear ? context.Kernels.BilinearUpsampling.Backward : context.Kernels.Upsampling.Backward;
        UpsamplingShape batched = shape with { Batch = dy.Rows };
        context.Builder.Add(
            $"{Name} backward", (isBilinear ? BilinearFlops : 1) * dy.Length, 4.0 * (dx.Length + dy.Length), [dy, dx],
            stream => gather(stream, batched, dy.View, dx.View));
    }
}
