using GpuVae.Devices;
using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// Images around the mean of the training images, the first layer of an encoder; as such it has no activation before it. The mean is of the
/// data, as a buffer of PyTorch's is, and not learned.
/// </summary>
internal sealed class CenteredInput(string name, int pixels) : Layer(name, pixels, pixels, null)
{
    /// <summary>
    /// The parameter that holds the mean image, [pixels], planar; the last of a model, so that what is learned lies together.
    /// </summary>
    public const string MeanName = "images.mean";

    private Parameter? mean;

    public override void Attach(ParameterStore store) => mean = store[MeanName];

    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs);
        Infer(context, x.Value, y, null);
        return new LayerPass(LayerOutput.Of(y), (_, dy, wantsInput) => wantsInput ? dy : null);
    }

    public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, Activation? activation)
    {
        Centering kernel = context.Kernels.Centering;
        ArrayView<float> ofImages = ParameterStore.Slice(context.Values, mean!);
        context.Builder.Add(
            $"{Name} forward", y.Length, 8.0 * y.Length, [x, y], stream => kernel.Run(stream, x.View, ofImages, y.View));
    }
}
