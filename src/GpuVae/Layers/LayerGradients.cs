using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>What layers without a product have in common on their way back.</summary>
internal static class LayerGradients
{
    /// <summary>
    /// Appends the step from the gradient of a layer's input to that of the pre-activation that made it, in place, if there was an activation.
    /// </summary>
    public static void AppendDerivative(LayerContext context, string layer, LayerOutput input, PlannedTensor dx)
    {
        if (input.Activation is null)
            return;
        ConvolutionKernels kernels = context.Kernels.LinearWith(input.Activation).Convolutions;
        PlannedTensor saved = input.Saved;
        context.Builder.Add(
            $"{layer} input derivative", 2.0 * dx.Length, 12.0 * dx.Length, [saved, dx],
            stream => kernels.Differentiate(stream, saved.View, dx.View));
    }
}
