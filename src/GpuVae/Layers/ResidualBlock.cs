using GpuVae.Devices;
using GpuVae.Kernels.Convolution;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// y = f(x + F(x)), F = two 3 × 3 convolutions with f between them, each followed by group normalisation where it is wanted (He et al.
/// 2015, arXiv:1512.03385). In PyTorch a module with <c>conv1</c>, <c>norm1</c>, <c>conv2</c>, <c>norm2</c>.
/// </summary>
internal sealed class ResidualBlock : Layer
{
    public ResidualBlock(string name, int height, int width, int channels, bool normalizes, Activation activation)
        : base(name, height * width * channels, height * width * channels, activation)
    {
        var shape = new ConvolutionShape(1, height, width, channels, channels, Kernel: 3, Stride: 1, Padding: 1);
        Activation? ofConvolution = normalizes ? null : activation;
        Branch = new Network(
        [
            new Convolution2d($"{name}.conv1", shape, false, ofConvolution),
            .. normalizes ? new Layer[] { new GroupNorm($"{name}.norm1", height * width, channels, activation) } : [],
            new Convolution2d($"{name}.conv2", shape, false, null),
            .. normalizes ? new Layer[] { new GroupNorm($"{name}.norm2", height * width, channels, null) } : [],
        ]);
    }

    /// <summary>F.</summary>
    public Network Branch { get; }

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes => Branch.ParameterShapes;

    public override void Attach(ParameterStore store) => Branch.Attach(store);

    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        // The activation that made x counts once, where both ways to x meet.
        LayerPass inner = Branch.Forward(context, LayerOutput.Of(x.Value));
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs);
        PlannedTensor saved = Saved(context, y, Activation);
        Append(context, x.Value, inner.Output.Value, y, saved, Activation);
        return new LayerPass(new LayerOutput(y, saved, Activation), (back, dy, wantsInput) =>
        {
            PlannedTensor? dx = inner.Backward(back, dy, wantsInput);
            if (dx is null)
                return null;
            ConvolutionKernels kernels = back.Kernels.LinearWith(x.Activation).Convolutions;
            PlannedTensor made = x.Saved;
            back.Builder.Add(
                $"{Name} sum backward", 3.0 * dx.Length, 16.0 * dx.Length, [made, dy, dx],
                stream => kernels.AddBackward(stream, made.View, dy.View, dx.View));
            return dx;
        });
    }

    public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, Activation? activation)
    {
        PlannedTensor inner = context.Builder.Tensor($"{Name} branch", x.Rows, Outputs);
        Branch.Infer(context, x, inner, null);
        Append(context, x, inner, y, Saved(context, y, activation), activation);
    }

    private void Append(
        LayerContext context, PlannedTensor x, PlannedTensor inner, PlannedTensor y, PlannedTensor saved, Activation? activation)
    {
        ConvolutionKernels kernels = context.Kernels.LinearWith(activation).Convolutions;
        context.Builder.Add(
            $"{Name} sum", 2.0 * y.Length, 12.0 * y.Length, [x, inner, y, saved],
            stream => kernels.Add(stream, x.View, inner.View, y.View, saved.View));
    }
}
