using GpuVae.Data;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// A mixture of the posteriors of learned pseudo-inputs, which run through the encoder after the images of a batch. Parameters are the
/// logits of their pixels. In a conditional model each has a label of its own (see PseudoInputs.cs).
/// </summary>
internal class VampPriorDensity(VaeOptions options)
    : MixtureDensity(options.PriorComponents, options.Latent, PosteriorSampler.Create(options), options.EncoderOutputs)
{
    // Pixels that are black or white would have infinite logits.
    private const float Margin = 0.02f;

    private readonly int components = options.PriorComponents, latents = options.Latent, pixels = options.Shape.Pixels;
    private readonly int columns = options.EncoderOutputs, classes = options.Classes;
    private Parameter? logits;

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes =>
        [("prior.pseudo_inputs", [components, pixels]), .. base.ParameterShapes];

    public override int PseudoInputCount => components;

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

    /// <summary>Lets the pseudo-inputs start from images drawn from a set, those with a label from images that have it.</summary>
    public void StartFrom(ParameterStore store, ImageSet images, ulong seed)
    {
        int[] all = [.. Enumerable.Range(0, images.Count)];
        int[][] ofLabel = [.. Enumerable.Range(0, classes).Select(label => Array.FindAll(all, i => images.Labels![i] == label))];
        float[] values = new float[components * pixels], image = new float[pixels];
        for (int c = 0; c < components; c++)
        {
            uint word = Philox.Generate(seed, RandomPurpose.PriorComponent, 1, c, 0).W0;
            // A class without an image takes one of another, which is no worse than noise.
            int[] choice = classes > 0 && ofLabel[PseudoInputs.LabelOf(c, classes)] is { Length: > 0 } own ? own : all;
            images.CopyRows([choice[(int)((ulong)word * (ulong)choice.Length >> 32)]], image);
            for (int p = 0; p < pixels; p++)
            {
                float x = Margin + (1 - 2 * Margin) * Math.Clamp(image[p], 0, 1);
                values[c * pixels + p] = MathF.Log(x / (1 - x));
            }
        }
        store.Write(logits!, values);
    }

    public override (PlannedTensor Rows, PlannedTensor? Labels) EncoderInput(LayerContext context, PlannedTensor images)
    {
        PseudoInputs kernel = context.Kernels.PseudoInputs;
        ArrayView<float> values = ParameterStore.Slice(context.Values, logits!);
        PlannedTensor rows = context.Builder.Tensor("images and pseudo-inputs", images.Rows + components, pixels);
        context.Builder.Add(
            "pseudo-inputs", 10.0 * components * pixels, 8.0 * rows.Length, [images, rows],
            stream => kernel.Join(stream, images.View, values, rows.View, pixels));
        if (context.Labels is not { } labels || classes == 0)
            return (rows, null);
        PlannedTensor ofBoth = context.Builder.Tensor("labels of images and pseudo-inputs", rows.Rows, 1);
        context.Builder.Add(
            "labels of pseudo-inputs", 0, 8.0 * ofBoth.Length, [labels, ofBoth],
            stream => kernel.JoinLabels(stream, labels.View, ofBoth.View, classes));
        return (rows, ofBoth);
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
        // Rows of [means | log-variances].
        ArrayView<float> rows = PseudoRows(encoded);
        return new MixtureComponents(rows, rows.SubView(latents, rows.IntLength - latents), columns, 1);
    }

    /// <summary>The last rows of the encoder's output, or of its gradient: [components, its columns].</summary>
    protected ArrayView<float> PseudoRows(PlannedTensor encoded) =>
        encoded.View.SubView((long)(encoded.Rows - components) * columns, (long)components * columns);
}
