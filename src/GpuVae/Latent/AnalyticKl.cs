using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// A diagonal posterior and the standard normal prior, whose KL term is known in closed form: one launch forward, and on the way back,
/// where it can, the epilogue of the decoder's first layer. Free bits, capacity, total correlation and mean discrepancy change the weights
/// of that term or add to it.
/// </summary>
internal sealed class AnalyticKl : LatentTerm
{
    private readonly VaeOptions options;
    private readonly PlannedTensor encoded, noise, klWeight;
    private readonly NoiseSource source;

    /// <param name="options">Of the model.</param>
    /// <param name="context">Where to.</param>
    /// <param name="encoded">[images, 2·L].</param>
    /// <param name="source">Of the noise.</param>
    /// <param name="klWeight">One element: the weight of the KL term, or the capacity.</param>
    public AnalyticKl(VaeOptions options, LayerContext context, PlannedTensor encoded, NoiseSource source, PlannedTensor klWeight)
    {
        (this.options, this.encoded, this.klWeight, this.source) = (options, encoded, klWeight, source);
        int batch = encoded.Rows, latent = options.Latent;
        PlannedTensor z = context.Builder.Tensor("latent", batch, latent), eps = context.Builder.Tensor("noise", batch, latent);
        PlannedTensor kl = context.Builder.Tensor("KL term", batch, 1);
        (DecoderInput, noise, Kl) = (z, eps, kl);
        Reparameterize kernel = context.Kernels.Reparameterize;
        context.Builder.Add(
            "reparameterise + KL", 20.0 * batch * latent, 4.0 * batch * (4 * latent + 1), [encoded, eps, z, kl],
            stream => kernel.Forward(
                stream, encoded.View, source.Seed, source.Purpose, source.Step, eps.View, z.View, kl.View, latent));
    }

    public override PlannedTensor DecoderInput { get; }

    public override PlannedTensor Kl { get; }

    /// <summary>Whether <see cref="BackwardThrough"/> is a way back.</summary>
    public bool IsEpilogue => options.Objective is not (Objective.Tc or Objective.Mmd);

    public override PlannedTensor Close(LayerContext context, PlannedTensor reconstruction) => reconstruction;

    /// <summary>Appends the way back through the decoder's first layer, of whose product it is the epilogue.</summary>
    /// <param name="context">With the gradients.</param>
    /// <param name="first">The layer.</param>
    /// <param name="dy">∂loss/∂(its pre-activation).</param>
    /// <returns>∂loss/∂(encoder's output).</returns>
    public PlannedTensor BackwardThrough(LayerContext context, Linear first, PlannedTensor dy)
    {
        PlannedTensor weight = Weight(context);
        return first.LatentBackward(context, DecoderInput, dy, encoded, noise, weight);
    }

    public override PlannedTensor Backward(LayerContext context, PlannedTensor dz, int imageCount)
    {
        PlannedTensor weight = Weight(context);
        TotalCorrelationTerm? correlation = options.Objective == Objective.Tc
            ? new TotalCorrelationTerm(options, context, encoded, DecoderInput, klWeight, imageCount)
            : null;
        correlation?.Backward(context, dz);
        if (options.Objective == Objective.Mmd)
            new MeanDiscrepancyTerm(options, context, DecoderInput, source).Backward(context, dz);
        Reparameterize kernel = context.Kernels.Reparameterize;
        PlannedTensor dEncoded = context.Builder.Tensor("encoder output gradient", encoded.Rows, encoded.Columns), eps = noise;
        int latent = options.Latent;
        float scale = 1f / encoded.Rows;
        context.Builder.Add(
            "reparameterise + KL backward", 12.0 * dz.Length, 24.0 * dz.Length, [encoded, eps, dz, weight, dEncoded],
            stream => kernel.Backward(stream, encoded.View, eps.View, dz.View, weight.View, dEncoded.View, scale, latent));
        correlation?.MomentsBackward(context, dEncoded);
        return dEncoded;
    }

    /// <summary>Appends what makes the weight of the KL term, for all units or for each.</summary>
    private PlannedTensor Weight(LayerContext context)
    {
        PlannedTensor given = klWeight, kl = Kl;
        if (options.FreeBits > 0)
        {
            FreeBits kernel = context.Kernels.FreeBits;
            PlannedTensor weights = context.Builder.Tensor("KL weights", 1, options.Latent);
            float floor = (float)options.FreeBits;
            context.Builder.Add(
                "free bits", 20.0 * DecoderInput.Length, 8.0 * DecoderInput.Length, [encoded, given, weights],
                stream => kernel.Weigh(stream, encoded.View, given.View, weights.View, floor, encoded.Rows));
            return weights;
        }
        if (options.Capacity > 0)
        {
            KlCapacity kernel = context.Kernels.KlCapacity;
            PlannedTensor weight = context.Builder.Tensor("KL weight", 1, 1);
            float strength = (float)options.CapacityWeight;
            context.Builder.Add(
                "capacity", kl.Length, 4.0 * kl.Length, [kl, given, weight],
                stream => kernel.Weigh(stream, kl.View, given.View, weight.View, strength));
            return weight;
        }
        return given;
    }
}
