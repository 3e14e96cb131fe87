using GpuVae.Devices;
using GpuVae.Kernels;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Models;

/// <summary>
/// −ln p(x|z): the last layer of the decoder with the loss on what it gives. Where the likelihood has one parameter per pixel, the loss is
/// the epilogue of the layer's product.
/// </summary>
/// <param name="Term">In nats; its elements add up to the batch's.</param>
/// <param name="Gradient">∂loss/∂(output of the last layer), averaged over the batch, [batch, outputs].</param>
/// <param name="Backward">The way back through the last layer, from <paramref name="Gradient"/>.</param>
internal sealed record ReconstructionTerm(PlannedTensor Term, PlannedTensor Gradient, BackwardStep Backward)
{
    /// <summary>Appends the last layer and its loss.</summary>
    /// <param name="model">The model.</param>
    /// <param name="context">Where to.</param>
    /// <param name="input">What the layer is given.</param>
    /// <param name="images">[batch, pixels] in [0, 1].</param>
    public static ReconstructionTerm Append(Vae model, LayerContext context, LayerOutput input, PlannedTensor images)
    {
        KernelSet kernels = context.Kernels;
        var layer = (Linear)model.Decoder.Layers[^1];
        if (model.Options.Likelihood == Likelihood.GaussianLearned)
            return LearnedVariance(model, context, layer.Forward(context, input), images);
        (PlannedTensor term, PlannedTensor gradient) = model.Options.Likelihood switch
        {
            Likelihood.Bernoulli => layer.ForwardLoss(context, kernels.BernoulliLoss, default, input.Value, images),
            Likelihood.Gaussian =>
                layer.ForwardLoss(
                    context, kernels.GaussianLoss, new GaussianLikelihood((float)model.Options.Variance), input.Value, images),
            _ => throw new InvalidOperationException($"no loss for {model.Options.Likelihood}"),
        };
        return new ReconstructionTerm(
            term, gradient, (back, dy, wantsInput) => layer.Backward(back, input, dy, wantsInput));
    }

    /// <summary>
    /// A step of its own: mean and log-variance of a pixel come out of different columns. The gradient overwrites the decoder's output.
    /// </summary>
    private static ReconstructionTerm LearnedVariance(Vae model, LayerContext context, LayerPass decoder, PlannedTensor images)
    {
        ElboLoss loss = context.Kernels.ElboLoss;
        PlannedTensor decoded = decoder.Output.Value;
        int batch = decoded.Rows, pixels = model.Options.Shape.Pixels;
        PlannedTensor term = context.Builder.Tensor("reconstruction term", batch, 1);
        float scale = 1f / batch;
        context.Builder.Add(
            "Gaussian loss + gradient", 20.0 * batch * pixels, 4.0 * batch * (2 * decoded.Columns + pixels + 1), [decoded, images, term],
            stream => loss.GaussianPixelVariance(stream, decoded.View, images.View, decoded.View, term.View, scale, pixels));
        return new ReconstructionTerm(term, decoded, decoder.Backward);
    }
}
