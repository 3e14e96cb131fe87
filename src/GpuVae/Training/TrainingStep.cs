using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;

namespace GpuVae.Training;

/// <summary>One optimizer step as a schedule: gather, forward, loss, backward, Adam.</summary>
internal sealed class TrainingStep(Vae model, TrainingOptions options, BatchFeed feed, TrainingState state)
{
    /// <summary>For a batch of so many images.</summary>
    public ScheduleBuilder Build(int batch)
    {
        DeviceKernels kernels = model.Device.Kernels;
        var builder = new ScheduleBuilder(batch);
        Binarization binarization = options.DynamicBinarization ? Binarization.Dynamic : Binarization.None;
        PlannedTensor images = feed.AppendBatch(builder, model.Options.Shape.Pixels, binarization, options.Seed);
        PlannedTensor? labels = model.Options.Classes > 0 ? feed.AppendLabels(builder) : null;
        LayerContext context = model.ContextOf(builder, labels) with { Gradients = state.Gradients };
        var noise = new NoiseSource(options.Seed, RandomPurpose.Latent, feed.Step);
        var graph = new ElboGraph(model.Parts, context, images, noise, feed.KlWeight, model.Options.Samples);
        graph.AppendBackward(context, feed.ImageCount);

        ArrayView<float> weights = model.Parameters.Values;
        long count = model.Parameters.Count;
        if (options.GradientClip > 0)
            builder.Add(
                "gradient norm", 2.0 * count, 4.0 * count, [],
                stream => kernels.Reduce.SumOfSquares(stream, state.Gradients, state.SquaredNorm));
        var adam = new Adam(
            model.Device.Accelerator,
            new AdamOptions
            {
                Beta1 = options.AdamBeta1,
                Beta2 = options.AdamBeta2,
                Epsilon = options.AdamEpsilon,
                WeightDecay = options.WeightDecay,
                Decoupled = true,
                MaxGradientNorm = options.GradientClip,
            });
        PlannedTensor reconstruction = graph.Reconstruction, kl = graph.Kl;
        builder.Add(
            "Adam + log loss", 14.0 * count, 28.0 * count, [reconstruction, kl],
            stream => adam.Update(
                stream, weights, state.Gradients, state.FirstMoment, state.SecondMoment, feed.LearningRate, state.SquaredNorm,
                feed.LogOf(reconstruction, kl)));
        return builder;
    }
}
