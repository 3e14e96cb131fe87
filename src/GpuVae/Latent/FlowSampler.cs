using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// A diagonal normal taken through steps of an inverse autoregressive flow: the encoder gives [means | log-variances | the steps'
/// contexts].
/// </summary>
internal sealed class FlowSampler : PosteriorSampler
{
    private readonly int latents;
    private readonly DiagonalSampler start;
    private readonly FlowStep[] steps;

    /// <param name="latents">L.</param>
    /// <param name="width">Hidden units of a step's network.</param>
    /// <param name="count">Steps; every second one counts the units from the last, so that each can depend on each.</param>
    public FlowSampler(int latents, int width, int count)
    {
        this.latents = latents;
        start = new DiagonalSampler(latents);
        steps = new FlowStep[count];
        for (int i = 0; i < count; i++)
            steps[i] = new FlowStep($"flow.{i}", latents, width, firstContext: 2 * latents + i * width, isReversed: i % 2 == 1);
    }

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes => steps.SelectMany(step => step.ParameterShapes);

    public override void Attach(ParameterStore store)
    {
        foreach (FlowStep step in steps)
            step.Attach(store);
    }

    public override PlannedTensor Center(LayerContext context, PlannedTensor encoded)
    {
        PlannedTensor none = context.Builder.Zeros("no noise", encoded.Rows, latents);
        return Forward(context, encoded, none, samples: 1).Codes;
    }

    public override PosteriorPass Forward(LayerContext context, PlannedTensor encoded, PlannedTensor noise, int samples)
    {
        PosteriorPass first = start.Forward(context, encoded, noise, samples, encoded.Columns);
        PlannedTensor z = first.Codes;
        var ways = new FlowStep.BackwardStep[steps.Length];
        for (int i = 0; i < steps.Length; i++)
            (z, ways[i]) = steps[i].Forward(context, encoded, z, first.Density, samples);
        return new PosteriorPass(z, first.Density, (back, dz, weights, gradient, dEncoded) =>
        {
            for (int i = steps.Length - 1; i >= 0; i--)
                dz = ways[i](back, dz, weights, dEncoded);
            first.Backward(back, dz, weights, gradient, dEncoded);
        });
    }
}
