using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>Discrete codes in the place of samples, and the commitment loss in the place of a KL term.</summary>
internal sealed class QuantizedTerm : LatentTerm
{
    private readonly Quantizer quantizer;
    private readonly PlannedTensor encoded;
    private readonly QuantizedPass pass;

    public QuantizedTerm(Quantizer quantizer, LayerContext context, PlannedTensor encoded)
    {
        (this.quantizer, this.encoded) = (quantizer, encoded);
        pass = quantizer.Forward(context, encoded);
    }

    public override PlannedTensor DecoderInput => pass.Codes;

    public override PlannedTensor Kl => pass.Commitment;

    /// <summary>The numbers of the codes, [images, places].</summary>
    public PlannedTensor Indices => pass.Indices;

    public override PlannedTensor Close(LayerContext context, PlannedTensor reconstruction) => reconstruction;

    public override PlannedTensor Backward(LayerContext context, PlannedTensor dz, int imageCount) => pass.Backward(context, dz);

    /// <inheritdoc cref="Quantizer.AppendUpdate"/>
    public void AppendUpdate(LayerContext context, ArrayView<long> step, ulong seed) =>
        quantizer.AppendUpdate(context, encoded, Indices, step, seed);
}
