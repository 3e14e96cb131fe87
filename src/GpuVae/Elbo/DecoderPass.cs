using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Elbo;

/// <summary>The decoder with the reconstruction term at its end, from codes on.</summary>
internal sealed class DecoderPass
{
    private readonly Network decoder;

    // The first layer, and those between it and the last; null where the last layer is the only one.
    private readonly LayerPass? first, hidden;

    /// <param name="likelihood">With the decoder.</param>
    /// <param name="context">Where to.</param>
    /// <param name="codes">z, or what the layers that are done have made of it.</param>
    /// <param name="images">[batch / k, pixels].</param>
    /// <param name="done">Layers that are.</param>
    /// <param name="wantsImages">Whether the means of p(x|z) are wanted.</param>
    public DecoderPass(
        ImageLikelihood likelihood, LayerContext context, PlannedTensor codes, PlannedTensor images, int done = 0,
        bool wantsImages = false)
    {
        decoder = likelihood.Decoder;
        var input = LayerOutput.Of(codes);
        int last = decoder.Layers.Count - 1;
        if (last > done)
        {
            first = decoder.Layers[done].Forward(context, input);
            hidden = decoder.Forward(context, first.Output, done + 1, last);
        }
        Term = ReconstructionTerm.Append(likelihood, context, hidden?.Output ?? input, images, wantsImages);
    }

    public ReconstructionTerm Term { get; }

    /// <summary>The first layer, where its way back can carry what follows as its epilogue; null otherwise.</summary>
    public Linear? Fusible => hidden is null ? null : decoder.Layers[0] as Linear;

    /// <summary>Appends the way back to the first layer's pre-activation, where there is a layer before the last.</summary>
    public PlannedTensor BackwardToFirst(LayerContext context) =>
        hidden!.Backward(context, Term.Backward(context, Term.Gradient, wantsInput: true)!, wantsInput: true)!;

    /// <summary>Appends the whole way back; gives ∂loss/∂z of the reconstruction term.</summary>
    public PlannedTensor Backward(LayerContext context) => first is null
        ? Term.Backward(context, Term.Gradient, wantsInput: true)!
        : first.Backward(context, BackwardToFirst(context), wantsInput: true)!;
}
