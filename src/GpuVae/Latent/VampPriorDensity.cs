using GpuVae.Data;
using GpuVae.Kernels;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;
using GpuVae.Tensors;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Latent;

/// <summary>
/// A mixture of the posteriors of learned pseudo-inputs, which run through the encoder after the images of a batch. Parameters are the
/// logits of their pixels.
/// </summary>
internal sealed class VampPriorDensity(int components, int latents, int pixels) : MixtureDensity(components, latents)
{
    // Pixels that are black or white would have infinite logits.
    private const float Margin = 0.02f;

    private readonly int components = components, latents = latents;
    private Parameter? logits;

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes =>
        [("prior.pseudo_inputs", [components, pixels]), .. base.ParameterShapes];

    public override bool WantsInputGradient => true;

    /// <summary>Pseudo-inputs start as noise.</summary>
    public override void Attach(ParameterStore store, ulong seed)
    {
        base.Attach(store, seed);
        logits = store["prior.pseudo_inputs"];
        store.Write(
            logits,
            [.. Enumerable.Range(0, components * pixels).Select(i =>
                Philox.NormalAt(seed, RandomPurpose.PriorComponent, 0, i / pixels, i % pixels))]);
    }

    /// <summary>Lets the pseudo-inputs start from images drawn from a set.</summary>
    public void StartFrom(ParameterStore store, ImageSet images, ulong seed)
    {
        var values = new float[components * pixels];
        for (int c = 0; c < components; c++)
        {
            uint word = Philox.Generate(seed, RandomPurpose.PriorComponent, 1, c, 0).W0;
            ReadOnlySpan<byte> image = images[(int)((ulong)word * (ulong)images.Count >> 32)];
            for (int p = 0; p < pixels; p++)
            {
                float x = Margin + (1 - 2 * Margin) * image[p] / 255f;
                values[c * pixels + p] = MathF.Log(x / (1 - x));
            }
        }
        store.Write(logits!, values);
    }

    public override PlannedTensor EncoderInput(LayerContext context, PlannedTensor images)
    {
        PseudoInputs kernel = context.Kernels.PseudoInputs;
        ArrayView<float> values = ParameterStore.Slice(context.Values, logits!);
        PlannedTensor rows = context.Builder.Tensor("images and pseudo-inputs", images.Rows + components, pixels);
        context.Builder.Add(
            "pseudo-inputs", 10.0 * components * pixels, 8.0 * rows.Length, [images, rows],
            stream => kernel.Join(stream, images.View, values, rows.View, pixels));
        return rows;
    }

    public override void InputBackward(LayerContext context, PlannedTensor input, PlannedTensor? dInput)
    {
        PseudoInputs kernel = context.Kernels.PseudoInputs;
        ArrayView<float> gradient = ParameterStore.Slice(context.Gradients, logits!);
        context.Builder.Add(
            "pseudo-inputs backward", 3.0 * components * pixels, 12.0 * components * pixels, [input, dInput!],
            stream => kernel.Backward(stream, input.View, dInput!.View, gradient, pixels));
    }

    protected override MixtureComponents Components(ArrayView<float> parameters, PlannedTensor encoded)
    {
        // Rows of [means | log-variances], the last ones of the encoder's output.
        ArrayView<float> rows = encoded.View.SubView((encoded.Rows - components) * 2 * latents, components * 2 * latents);
        return new MixtureComponents(rows, rows.SubView(latents, rows.IntLength - latents), 2 * latents, 1);
    }

    /// <summary>The encoder's output for the pseudo-inputs, [components, 2·L], in memory that is the caller's.</summary>
    public MemoryBuffer1D<float, Stride1D.Dense> EncodePseudoInputs(Vae model)
    {
        using MemoryBuffer1D<float, Stride1D.Dense> images = model.Device.Accelerator.Allocate1D(Images(model));
        MemoryBuffer1D<float, Stride1D.Dense> encoded = model.Device.Accelerator.Allocate1D<float>(components * 2 * latents);
        model.EncodeAll(images.View, encoded.View);
        model.Device.Synchronize();
        return encoded;
    }

    protected override (float[] Means, float[] LogVariances) Moments(Vae model)
    {
        float[] images = Images(model), means = new float[components * latents], logVariances = new float[means.Length];
        model.Encode(images, means, logVariances);
        return (means, logVariances);
    }

    private float[] Images(Vae model) => [.. model.Parameters.Read(logits!).Select(x => 1 / (1 + MathF.Exp(-x)))];
}
