using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>The code is what the encoder gives, without noise: there is no density, and nothing to go back through.</summary>
internal sealed class DeterministicSampler : PosteriorSampler
{
    public override PosteriorPass Forward(LayerContext context, PlannedTensor encoded, PlannedTensor noise, int samples) =>
        new(encoded, encoded, (_, _, _, _, _) => throw new NotSupportedException("The way back is CodeNormTerm's."));
}
