using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>Discrete codes in the place of samples, and the commitment loss in the place of a KL term.</summary>
internal sealed class QuantizedTerm(CodeGrids grids, LayerContext context, LayerOutput encoded) : LatentTerm
{
    private readonly CodesPass pass = grids.Forward(context, encoded);

    public override PlannedTensor DecoderInput => pass.DecoderInput;

    public override PlannedTensor Kl => pass.Commitment;

    /// <summary>The numbers of the codes of each grid, [images, places], the top one first.</summary>
    public IReadOnlyList<PlannedTensor> Indices => pass.Indices;

    public override PlannedTensor Close(LayerContext context, PlannedTensor reconstruction) => reconstruction;

    public override PlannedTensor Backward(LayerContext context, PlannedTensor dz, int imageCount) => pass.Backward(context, dz);

    /// <inheritdoc cref="CodeGrids.AppendUpdate"/>
    public void AppendUpdate(LayerContext context, ArrayView<long> step, ulong seed) => grids.AppendUpdate(context, pass, step, seed);
}
