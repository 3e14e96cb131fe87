using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// y = f(x̂·γ + β), normalised over groups of channels: PyTorch's <c>nn.GroupNorm</c> with an activation after it. One group of one place
/// is layer normalisation (Ba et al. 2016, arXiv:1607.06450).
/// </summary>
internal sealed class GroupNorm(string name, int area, int channels, Activation? activation, int? groups = null)
    : Layer(name, area * channels, area * channels, activation)
{
    private Parameter? weight, bias;

    /// <summary>8 groups, or the largest power of two below that divides the channels.</summary>
    public static int GroupsOf(int channels) => (channels & -channels) is var power && power < 8 ? power : 8;

    /// <summary>γ and β, [channels] each.</summary>
    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes =>
        [($"{Name}.weight", [channels]), ($"{Name}.bias", [channels])];

    public override void Attach(ParameterStore store) => (weight, bias) = (store[$"{Name}.weight"], store[$"{Name}.bias"]);

    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs);
        PlannedTensor saved = Saved(context, y, Activation);
        PlannedTensor statistics = Append(context, x.Value, y, saved, Activation);
        return new LayerPass(
            new LayerOutput(y, saved, Activation), (back, dy, wantsInput) => Backward(back, x, statistics, dy, wantsInput));
    }

    public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, Activation? activation) =>
        Append(context, x, y, Saved(context, y, activation), activation);

    private PlannedTensor Append(LayerContext context, PlannedTensor x, PlannedTensor y, PlannedTensor saved, Activation? activation)
    {
        ConvolutionKernels kernels = context.Kernels.LinearWith(activation).Convolutions;
        NormalizationShape shape = ShapeOf(x.Rows);
        ArrayView<float> gamma = ParameterStore.Slice(context.Values, weight!), beta = ParameterStore.Slice(context.Values, bias!);
        PlannedTensor statistics = context.Builder.Tensor($"{Name} statistics", x.Rows, 2 * shape.Groups);
        context.Builder.Add(
            $"{Name} forward", 8.0 * x.Length, 16.0 * x.Length, [x, y, saved, statistics],
            stream => kernels.Normalize(stream, shape, x.View, gamma, beta, y.View, saved.View, statistics.View));
        return statistics;
    }

    private PlannedTensor? Backward(LayerContext context, LayerOutput input, PlannedTensor statistics, PlannedTensor dy, bool wantsInput)
    {
        GroupNormalization<Identity> kernels = context.Kernels.GroupNormalization;
        NormalizationShape shape = ShapeOf(dy.Rows);
        ArrayView<float> gamma = ParameterStore.Slice(context.Values, weight!);
        PlannedTensor x = input.Value;
        PlannedTensor dx = context.Builder.Tensor($"{Name} input gradient", dy.Rows, Inputs);
        PlannedTensor parts = context.Builder.Tensor($"{Name} gradient in parts", dy.Rows, 2 * channels);
        context.Builder.Add(
            $"{Name} backward", 12.0 * dx.Length, 20.0 * dx.Length, [x, statistics, dy, dx, parts],
            stream => kernels.Backward(stream, shape, x.View, gamma, statistics.View, dy.View, dx.View, parts.View));
        if (context.WantsParameterGradients)
        {
            ArrayView<float> dGamma = ParameterStore.Slice(context.Gradients, weight!);
            ArrayView<float> dBeta = ParameterStore.Slice(context.Gradients, bias!);
            context.Builder.Add(
                $"{Name} parameter gradient", parts.Length, 4.0 * parts.Length, [parts],
                stream => kernels.ParameterGradients(stream, shape, parts.View, dGamma, dBeta));
        }
        if (!wantsInput)
            return null;
        AppendDerivative(context, input, dx);
        return dx;
    }

    private NormalizationShape ShapeOf(int batch) => new(batch, area, channels, groups ?? GroupsOf(channels));
}
