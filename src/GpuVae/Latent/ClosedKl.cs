using GpuVae.Elbo;
using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// A diagonal posterior and the standard normal prior, whose KL term has a closed form: one launch forward, and on the way back the
/// epilogue of the decoder's first layer. Free bits, capacity and total correlation change the weights of that term or add to it.
/// </summary>
internal sealed class ClosedKl : LatentTerm
{
    private readonly VaeOptions options;
    private readonly PlannedTensor encoded, noise, klWeight;
    private PlannedTensor? reconstruction;

    /// <param name="options">Of the model.</param>
    /// <param name="context">Where to.</param>
    /// <param name="encoded">[images, 2·L].</param>
    /// <param name="source">Of the noise.</param>
    /// <param name="klWeight">One element: the weight of the KL term, or the capacity.</param>
    public ClosedKl(VaeOptions options, LayerContext context, PlannedTensor encoded, NoiseSource source, PlannedTensor klWeight)
    {
        (this.options, this.encoded, this.klWeight) = (options, encoded, klWeight);
        int batch = encoded.Rows, latent = options.Latent;
        PlannedTensor z = context.Builder.Tensor("latent", batch, latent), eps = context.Builder.Tensor("noise", batch, latent);
        PlannedTensor kl = context.Builder.Tensor("KL term", batch, 1);
        (Codes, noise, Kl) = (z, eps, kl);
        Reparameterize kernel = context.Kernels.Reparameterize;
        context.Builder.Add(
            "reparameterise + KL", 20.0 * batch * latent, 4.0 * batch * (4 * latent + 1), [encoded, eps, z, kl],
            stream => kernel.Forward(
                stream, encoded.View, source.Seed, source.Purpose, source.Step, eps.View, z.View, kl.View, latent));
    }

    public override PlannedTensor Codes { get; }

    public override PlannedTensor Reconstruction => reconstruction!;

    public override PlannedTensor Kl { get; }

    public override void Close(LayerContext context, ReconstructionTerm reconstruction) => this.reconstruction = reconstruction.Term;

    public override PlannedTensor Backward(LayerContext context, DecoderPass decoder, int imageCount)
    {
        PlannedTensor weight = Weight(context);
        if (options.Objective != Objective.Tc && decoder.Fusible is { } first)
            return first.LatentBackward(context, Codes, decoder.BackwardToFirst(context), encoded, noise, weight);
        PlannedTensor dz = decoder.Backward(context);
        TotalCorrelationTerm? correlation =
            options.Objective == Objective.Tc ? new TotalCorrelationTerm(options, context, encoded, Codes, klWeight, imageCount) : null;
        correlation?.Backward(context, dz);
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
        KlTargets kernel = context.Kernels.KlTargets;
        PlannedTensor given = klWeight, kl = Kl;
        if (options.FreeBits > 0)
        {
            PlannedTensor weights = context.Builder.Tensor("KL weights", 1, options.Latent);
            float floor = (float)options.FreeBits;
            context.Builder.Add(
                "free bits", 20.0 * Codes.Length, 8.0 * Codes.Length, [encoded, given, weights],
                stream => kernel.FreeBits(stream, encoded.View, given.View, weights.View, floor, encoded.Rows));
            return weights;
        }
        if (options.Capacity > 0)
        {
            PlannedTensor weight = context.Builder.Tensor("KL weight", 1, 1);
            float strength = (float)options.CapacityWeight;
            context.Builder.Add(
                "capacity", kl.Length, 4.0 * kl.Length, [kl, given, weight],
                stream => kernel.Capacity(stream, kl.View, given.View, weight.View, strength));
            return weight;
        }
        return given;
    }
}
