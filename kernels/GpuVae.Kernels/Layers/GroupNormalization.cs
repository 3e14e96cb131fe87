// Group normalisation (Wu & He 2018, arXiv:1803.08494) of images with channels innermost. For one image and one group of channels, over all
// its n = area · (channels per group) values:
//
//   x̂  = (x - mean)·r,  r = 1 / √(variance + ε),  ε = 1e-5 as in PyTorch     variance = Σ (x - mean)² / n, in a second pass
//   v   = x̂·γ + β                                   γ, β [channels]
//   y   = f(v)
//   dγ  = Σ dv·x̂,  dβ = Σ dv                        over images and area
//   dx  = r·(dv·γ - mean(dv·γ) - x̂·mean(dv·γ·x̂))    the means over the group
//
// A group of threads works on one group of channels of one image: threads side by side own neighbouring channels, those one below the other
// take turns with the pixels.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Group normalisation with an activation, forward and backward.</summary>
/// <typeparam name="TActivation">f.</typeparam>
public sealed class GroupNormalization<TActivation>(Accelerator accelerator)
    where TActivation : struct, IActivation
{
    private const float Epsilon = 1e-5f;

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, NormalizationShape> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, NormalizationShape>(ForwardKernel);

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, NormalizationShape> backward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, NormalizationShape>(BackwardKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int> add =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int>(AddKernel);

    /// <summary>y = f(x̂·γ + β).</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="x">[batch, area, channels].</param>
    /// <param name="gamma">[channels].</param>
    /// <param name="beta">[channels].</param>
    /// <param name="y">[batch, area, channels], written.</param>
    /// <param name="preActivation">
    /// As y: x̂·γ + β, written if the derivative of f needs it (<see cref="IActivation.DerivativeFromOutput"/>); else it may be y.
    /// </param>
    /// <param name="statistics">[batch, groups, 2], written: mean and r.</param>
    /// <exception cref="ArgumentException">The groups do not divide the channels.</exception>
    public void Forward(
        AcceleratorStream stream, NormalizationShape shape, FloatView x, FloatView gamma, FloatView beta, FloatView y,
        FloatView preActivation, FloatView statistics) =>
        forward(stream, Config(shape), x, gamma, beta, y, preActivation, statistics, shape);

    /// <summary>dx, and the images' parts of dγ and dβ, which <see cref="ParameterGradients"/> adds up.</summary>
    /// <param name="x">[batch, area, channels].</param>
    /// <param name="gamma">[channels].</param>
    /// <param name="statistics">[batch, groups, 2], from the forward pass.</param>
    /// <param name="dv">[batch, area, channels], at the pre-activation.</param>
    /// <param name="dx">[batch, area, channels], written.</param>
    /// <param name="parts">[batch, 2, channels], written.</param>
    /// <exception cref="ArgumentException">The groups do not divide the channels.</exception>
    public void Backward(
        AcceleratorStream stream, NormalizationShape shape, FloatView x, FloatView gamma, FloatView statistics, FloatView dv, FloatView dx,
        FloatView parts) =>
        backward(stream, Config(shape), x, gamma, statistics, dv, dx, parts, shape);

    /// <summary>dγ and dβ [channels], written, from the images' parts.</summary>
    public void ParameterGradients(
        AcceleratorStream stream, NormalizationShape shape, FloatView parts, FloatView dGamma, FloatView dBeta) =>
        add(stream, 2 * shape.Channels, parts, dGamma, dBeta, shape.Batch);

    private KernelConfig Config(NormalizationShape shape)
    {
        if (shape.Groups < 1 || shape.Channels % shape.Groups != 0)
            throw new ArgumentException($"{shape.Channels} channels do not fall into {shape.Groups} groups of the same size.");
        return (new Index2D(shape.Batch * shape.Groups, 1), GroupShapes.ForChannels(accelerator, shape.Channels / shape.Groups));
    }

    private static void ForwardKernel(
        FloatView x, FloatView gamma, FloatView beta, FloatView y, FloatView preActivation, FloatView statistics, NormalizationShape shape)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int image = Grid.IdxX / shape.Groups, width = shape.Channels / shape.Groups;
        int channel0 = Grid.IdxX % shape.Groups * width;
        int start = image * shape.Area * shape.Channels;
        float sum = 0f;
        for (int channel = channel0 + Group.IdxX; channel < channel0 + width; channel += Group.DimX)
        {
            for (int a = Group.IdxY; a < shape.Area; a += Group.DimY)
                sum += x[start + a * shape.Channels + channel];
        }
        float mean = GroupShapes.SumOfGroup(sum, scratch) / (shape.Area * width);
        float squares = 0f;
        for (int channel = channel0 + Group.IdxX; channel < channel0 + width; channel += Group.DimX)
        {
            for (int a = Group.IdxY; a < shape.Area; a += Group.DimY)
            {
                float difference = x[start + a * shape.Channels + channel] - mean;
                squares += difference * difference;
            }
        }
        float inverse = 1f / XMath.Sqrt(GroupShapes.SumOfGroup(squares, scratch) / (shape.Area * width) + Epsilon);
        if (Group.IdxX == 0 && Group.IdxY == 0)
        {
            statistics[2 * Grid.IdxX] = mean;
            statistics[2 * Grid.IdxX + 1] = inverse;
        }
        for (int channel = channel0 + Group.IdxX; channel < channel0 + width; channel += Group.DimX)
        {
            float scale = inverse * gamma[channel];
            float shift = beta[channel] - mean * scale;
            for (int a = Group.IdxY; a < shape.Area; a += Group.DimY)
            {
                int at = start + a * shape.Channels + channel;
                float value = x[at] * scale + shift;
                if (!TActivation.DerivativeFromOutput)
                    preActivation[at] = value;
                y[at] = TActivation.Apply(value);
            }
        }
    }

    private static void BackwardKernel(
        FloatView x, FloatView gamma, FloatView statistics, FloatView dv, FloatView dx, FloatView parts, NormalizationShape shape)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int image = Grid.IdxX / shape.Groups, width = shape.Channels / shape.Groups;
        int channel0 = Grid.IdxX % shape.Groups * width;
        int start = image * shape.Area * shape.Channels;
        float mean = statistics[2 * Grid.IdxX], inverse = statistics[2 * Grid.IdxX + 1];
        float first = 0f, second = 0f;
        // All threads take the same turns: they meet at the sums' barriers.
        for (int offset = 0; offset < width; offset += Group.DimX)
        {
            int channel = channel0 + offset + Group.IdxX;
            bool exists = offset + Group.IdxX < width;
            float ofGamma = 0f, ofBeta = 0f;
            if (exists)
            {
                for (int a = Group.IdxY; a < shape.Area; a += Group.DimY)
                {
                    int at = start + a * shape.Channels + channel;
                    float gradient = dv[at];
                    ofGamma += gradient * ((x[at] - mean) * inverse);
                    ofBeta += gradient;
                }
            }
            ofGamma = GroupShapes.SumOfColumn(ofGamma, scratch);
            ofBeta = GroupShapes.SumOfColumn(ofBeta, scratch);
            if (exists && Group.IdxY == 0)
            {
                parts[2 * image * shape.Channels + channel] = ofGamma;
                parts[(2 * image + 1) * shape.Channels + channel] = ofBeta;
                first += gamma[channel] * ofBeta;
                second += gamma[channel] * ofGamma;
            }
        }
        first = GroupShapes.SumOfGroup(first, scratch) / (shape.Area * width);
        second = GroupShapes.SumOfGroup(second, scratch) / (shape.Area * width);
        for (int channel = channel0 + Group.IdxX; channel < channel0 + width; channel += Group.DimX)
        {
            float scale = gamma[channel];
            for (int a = Group.IdxY; a < shape.Area; a += Group.DimY)
            {
                int at = start + a * shape.Channels + channel;
                dx[at] = inverse * (dv[at] * scale - first - (x[at] - mean) * inverse * second);
            }
        }
    }

    private static void AddKernel(Index1D i, FloatView parts, FloatView dGamma, FloatView dBeta, int batch)
    {
        int channels = dGamma.IntLength;
        float sum = 0f;
        for (int image = 0; image < batch; image++)
            sum += parts[2 * image * channels + i.X];
        if (i.X < channels)
            dGamma[i] = sum;
        else
            dBeta[i.X - channels] = sum;
    }
}

/// <summary>Images [batch, area, channels], the channels in groups.</summary>
/// <param name="Batch">Images.</param>
/// <param name="Area">Height times width.</param>
/// <param name="Channels">Channels.</param>
/// <param name="Groups">Groups that the channels fall into.</param>
public readonly record struct NormalizationShape(int Batch, int Area, int Channels, int Groups);
