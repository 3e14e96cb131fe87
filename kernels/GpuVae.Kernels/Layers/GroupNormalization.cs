// Group normalisation (Wu & He 2018, arXiv:1803.08494) of images with channels innermost. For one image and one group of channels, over all
// its n = area · (channels per group) values:
//
//   x̂  = (x - mean)·r,  r = 1 / √(variance + ε),  ε = 1e-5 as in PyTorch     variance = Σ (x - mean)² / n, in a second pass
//   v   = x̂·γ + β                                   γ, β [channels]
//   y   = f(v)
//   dγ  = Σ dv·x̂,  dβ = Σ dv                        over images and area
//   dx  = r·(dv·γ - mean(dv·γ) - x̂·mean(dv·γ·x̂))    the means over the group
//
// A group of threads works on one group of channels of an image, or on as many narrow ones as fill what is read at once: threads
// side by side own neighbouring channels, those one below the other take turns with the pixels.

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

    // Channels that threads lie side by side for at least: 32 bytes, what a GPU reads at once.
    private const int LeastChannels = 8;

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, NormalizationShape,
        int> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, NormalizationShape, int>(ForwardKernel);

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, NormalizationShape,
        int> backward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, NormalizationShape, int>(BackwardKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int> add =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int>(AddKernel);

    /// <summary>y = f(x̂·γ + β).</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="x">[batch, area, channels].</param>
    /// <param name="gamma">[channels].</param>
    /// <param name="beta">[channels].</param>
    /// <param name="y">[batch, area, channels], written.</param>
    /// <param name="derivative">
    /// As y: f'(x̂·γ + β), written if it cannot be had from y (<see cref="IActivation.DerivativeFromOutput"/>); else it may be y.
    /// </param>
    /// <param name="statistics">[batch, groups, 2], written: mean and r.</param>
    /// <exception cref="ArgumentException">The groups do not divide the channels.</exception>
    public void Forward(
        AcceleratorStream stream, NormalizationShape shape, FloatView x, FloatView gamma, FloatView beta, FloatView y,
        FloatView derivative, FloatView statistics)
    {
        (KernelConfig config, int together) = Cut(shape);
        forward(stream, config, x, gamma, beta, y, derivative, statistics, shape, together);
    }

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
        FloatView parts)
    {
        (KernelConfig config, int together) = Cut(shape);
        backward(stream, config, x, gamma, statistics, dv, dx, parts, shape, together);
    }

    /// <summary>dγ and dβ [channels], written, from the images' parts.</summary>
    public void ParameterGradients(
        AcceleratorStream stream, NormalizationShape shape, FloatView parts, FloatView dGamma, FloatView dBeta) =>
        add(stream, 2 * shape.Channels, parts, dGamma, dBeta, shape.Batch);

    // Groups of threads, and the groups of channels that each of them works on together.
    private (KernelConfig Config, int Together) Cut(NormalizationShape shape)
    {
        if (shape.Groups < 1 || shape.Channels % shape.Groups != 0)
            throw new ArgumentException($"{shape.Channels} channels do not fall into {shape.Groups} groups of the same size.");
        int width = shape.Channels / shape.Groups;
        Index2D group = GroupShapes.ForChannels(accelerator, Math.Max(width, Math.Min(shape.Channels, LeastChannels)));
        int together = Math.Clamp(group.X / width, 1, shape.Groups);
        return ((new Index2D(shape.Batch * Blocks.Of(shape.Groups, together), 1), group), together);
    }

    private static void ForwardKernel(
        FloatView x, FloatView gamma, FloatView beta, FloatView y, FloatView derivative, FloatView statistics, NormalizationShape shape,
        int together)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        var part = new Part(shape, together);
        float sum = 0f;
        for (int channel = part.Channel + Group.IdxX; channel < part.ChannelEnd; channel += Group.DimX)
        {
            for (int a = Group.IdxY; a < shape.Area; a += Group.DimY)
                sum += x[part.Start + a * shape.Channels + channel];
        }
        float mean = part.SumOfChannels(sum, scratch) / (shape.Area * part.Width);
        float squares = 0f;
        for (int channel = part.Channel + Group.IdxX; channel < part.ChannelEnd; channel += Group.DimX)
        {
            for (int a = Group.IdxY; a < shape.Area; a += Group.DimY)
            {
                float difference = x[part.Start + a * shape.Channels + channel] - mean;
                squares += difference * difference;
            }
        }
        float inverse = 1f / XMath.Sqrt(part.SumOfChannels(squares, scratch) / (shape.Area * part.Width) + Epsilon);
        if (part.IsFirst)
        {
            statistics[part.Statistics] = mean;
            statistics[part.Statistics + 1] = inverse;
        }
        for (int channel = part.Channel + Group.IdxX; channel < part.ChannelEnd; channel += Group.DimX)
        {
            float scale = inverse * gamma[channel];
            float shift = beta[channel] - mean * scale;
            for (int a = Group.IdxY; a < shape.Area; a += Group.DimY)
            {
                int at = part.Start + a * shape.Channels + channel;
                float value = x[at] * scale + shift;
                if (!TActivation.DerivativeFromOutput)
                    derivative[at] = TActivation.Derivative(value);
                y[at] = TActivation.Apply(value);
            }
        }
    }

    private static void BackwardKernel(
        FloatView x, FloatView gamma, FloatView statistics, FloatView dv, FloatView dx, FloatView parts, NormalizationShape shape,
        int together)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        var part = new Part(shape, together);
        float mean = statistics[part.Statistics], inverse = statistics[part.Statistics + 1];
        float first = 0f, second = 0f;
        // All threads take the same turns: they meet at the sums' barriers.
        for (int offset = part.Channel; offset < part.ChannelEnd; offset += Group.DimX)
        {
            int channel = offset + Group.IdxX;
            bool exists = channel < part.ChannelEnd;
            float ofGamma = 0f, ofBeta = 0f;
            if (exists)
            {
                for (int a = Group.IdxY; a < shape.Area; a += Group.DimY)
                {
                    int at = part.Start + a * shape.Channels + channel;
                    float gradient = dv[at];
                    ofGamma += gradient * ((x[at] - mean) * inverse);
                    ofBeta += gradient;
                }
            }
            ofGamma = GroupShapes.SumOfColumn(ofGamma, scratch);
            ofBeta = GroupShapes.SumOfColumn(ofBeta, scratch);
            if (exists && Group.IdxY == 0)
            {
                parts[2 * part.Image * shape.Channels + channel] = ofGamma;
                parts[(2 * part.Image + 1) * shape.Channels + channel] = ofBeta;
                first += gamma[channel] * ofBeta;
                second += gamma[channel] * ofGamma;
            }
        }
        first = part.SumOfChannels(first, scratch) / (shape.Area * part.Width);
        second = part.SumOfChannels(second, scratch) / (shape.Area * part.Width);
        for (int channel = part.Channel + Group.IdxX; channel < part.ChannelEnd; channel += Group.DimX)
        {
            float scale = gamma[channel];
            for (int a = Group.IdxY; a < shape.Area; a += Group.DimY)
            {
                int at = part.Start + a * shape.Channels + channel;
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

    /// <summary>What a group of threads works on: groups of channels side by side, from <see cref="Channel"/> on.</summary>
    private readonly struct Part
    {
        public readonly int Image, Width, Channel, ChannelEnd, Start, Statistics;

        /// <summary>Whether this thread stores what is known of its group of channels.</summary>
        public readonly bool IsFirst;

        private readonly int together;

        public Part(NormalizationShape shape, int together)
        {
            this.together = together;
            int parts = Blocks.Of(shape.Groups, together);
            Image = Grid.IdxX / parts;
            Width = shape.Channels / shape.Groups;
            int group = Grid.IdxX % parts * together;
            Channel = group * Width;
            ChannelEnd = XMath.Min(Channel + together * Width, shape.Channels);
            Start = Image * shape.Area * shape.Channels;
            // One group is all threads'; of several, each is that of as many threads side by side as it has channels.
            int own = together == 1 ? 0 : Group.IdxX / Width;
            IsFirst = Group.IdxY == 0 && Group.IdxX == own * Width && Channel + Group.IdxX < ChannelEnd;
            Statistics = 2 * (Image * shape.Groups + XMath.Min(group + own, shape.Groups - 1));
        }

        /// <summary>Sum over the threads of a group of channels, known to each of them. Every thread must call it.</summary>
        public float SumOfChannels(float value, FloatView scratch)
        {
            if (together == 1)
                return GroupShapes.SumOfGroup(value, scratch);
            float column = GroupShapes.SumOfColumn(value, scratch);
            if (Group.IdxY == 0)
                scratch[Group.IdxX] = column;
            Group.Barrier();
            // Threads beyond the last channel add what nobody asks for.
            int first = Group.IdxX / Width * Width;
            float sum = 0f;
            for (int i = first; i < XMath.Min(first + Width, Group.DimX); i++)
                sum += scratch[i];
            Group.Barrier();
            return sum;
        }
    }
}

/// <summary>Images [batch, area, channels], the channels in groups.</summary>
/// <param name="Batch">Images.</param>
/// <param name="Area">Height times width.</param>
/// <param name="Channels">Channels.</param>
/// <param name="Groups">Groups that the channels fall into.</param>
public readonly record struct NormalizationShape(int Batch, int Area, int Channels, int Groups);
