using GpuVae.Devices;
using GpuVae.Kernels.Convolution;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// A convolution y = f(x ∗ w + b), or a transposed one, on images with channels innermost: PyTorch's <c>nn.Conv2d</c> and
/// <c>nn.ConvTranspose2d</c>. On the device w lies as [k, k, inputs, outputs] of the convolution that it is, or that it is transposed from.
/// </summary>
/// <param name="name">As in PyTorch.</param>
/// <param name="shape">
/// The convolution, for one image; of a transposed one that which leads from its output to its input, so that the output has exactly
/// the size wanted.
/// </param>
/// <param name="isTransposed">Whether the layer goes the other way.</param>
/// <param name="activation">f.</param>
internal sealed class Convolution2d(string name, ConvolutionShape shape, bool isTransposed, Activation? activation)
    : WeightedLayer(name, isTransposed ? Small(shape) : Large(shape), isTransposed ? Large(shape) : Small(shape), activation)
{
    /// <summary>The convolution, for one image; of a transposed one that which leads from its output to its input.</summary>
    public ConvolutionShape Shape => shape;

    /// <summary>Whether the layer goes the other way.</summary>
    public bool IsTransposed => isTransposed;

    /// <summary>w [outputs, inputs, k, k] of the convolution itself, transposed or not; b [channels of y].</summary>
    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes =>
    [
        ($"{Name}.weight", [shape.Outputs, shape.Inputs, shape.Kernel, shape.Kernel]),
        ($"{Name}.bias", [isTransposed ? shape.Inputs : shape.Outputs]),
    ];

    private static int Large(ConvolutionShape shape) => shape.Height * shape.Width * shape.Inputs;

    private static int Small(ConvolutionShape shape) => shape.OutputHeight * shape.OutputWidth * shape.Outputs;

    protected override void Append(
        LayerContext context, PlannedTensor x, PlannedTensor y, PlannedTensor saved, Activation? activation)
    {
        ConvolutionKernels kernels = context.Kernels.LinearWith(activation).Convolutions;
        ConvolutionShape batched = shape with { Batch = x.Rows };
        ArrayView<float> w = Weight(context.Values), b = Bias(context.Values);
        bool keeps = saved != y, goesBack = isTransposed;
        PlannedTensor? scratch = goesBack ? context.Builder.Tensor($"{Name} weights turned over", 1, shape.ScratchLength) : null;
        context.Builder.Add(
            $"{Name} forward", batched.Flops, Traffic(x.Rows), [x, y, saved, .. Used(scratch)],
            stream => kernels.Forward(
                stream, batched, goesBack, x.View, w, b, scratch?.View ?? default, y.View, keeps ? saved.View : default));
    }

    public override PlannedTensor? Backward(LayerContext context, LayerOutput input, PlannedTensor dy, bool wantsInput)
    {
        PlannedTensor x = input.Value, saved = input.Saved;
        ConvolutionShape batched = shape with { Batch = dy.Rows };
        bool goesBack = isTransposed;
        if (context.WantsParameterGradients)
        {
            ConvolutionWeightGradient kernel = context.Kernels.ConvolutionWeightGradient;
            ArrayView<float> dw = Weight(context.Gradients), db = Bias(context.Gradients);
            PlannedTensor parts = context.Builder.Tensor($"{Name} weight gradient in parts", 1, kernel.ScratchLength(batched));
            PlannedTensor large = goesBack ? dy : x, small = goesBack ? x : dy;
            context.Builder.Add(
                $"{Name} weight gradient", batched.Flops, Traffic(dy.Rows), [large, small, parts],
                stream => kernel.Run(stream, batched, large.View, small.View, parts.View, dw, db, goesBack));
        }
        if (!wantsInput)
            return null;
        ConvolutionKernels kernels = context.Kernels.LinearWith(input.Activation).Convolutions;
        ArrayView<float> w = Weight(context.Values);
        PlannedTensor dx = context.Builder.Tensor($"{Name} input gradient", dy.Rows, Inputs);
        PlannedTensor? scratch = goesBack ? null : context.Builder.Tensor($"{Name} weights turned over", 1, shape.ScratchLength);
        context.Builder.Add(
            $"{Name} input gradient", batched.Flops, Traffic(dy.Rows) + 4.0 * dx.Length, [saved, dy, dx, .. Used(scratch)],
            stream => kernels.InputGradient(
                stream, batched, goesBack, dy.View, w, scratch?.View ?? default, saved.View, dx.View));
        return dx;
    }

    private static PlannedTensor[] Used(PlannedTensor? tensor) => tensor is null ? [] : [tensor];

    private double Traffic(int batch) => 4.0 * ((double)batch * (Inputs + Outputs) + shape.Weights);
}
