using GpuVae.Devices;
using GpuVae.Kernels.Convolution;
using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// A <see cref="FrozenNetwork"/> on a device, for images of one size: the features that it has of them, with the way back to the images.
/// Features are taken where the network is about to shrink its maps, and at its end.
/// </summary>
internal sealed class FrozenFeatures : IDisposable
{
    private static readonly Activation Relu = Activation.Of(ActivationKind.Relu);

    // Up to so many pixels before and after it a convolution is faster as one product, whose weights have to fit the caches.
    private const int MostPlaces = 16, MostSpread = 1 << 22;

    private readonly FrozenNetwork network;
    private readonly ImageShape[] maps;

    // Of nodes that are no sums.
    private readonly Layer?[] layers;
    private readonly int[] uses;
    private readonly ParameterStore parameters;
    private readonly MemoryBuffer1D<int, Stride1D.Dense> sources;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> factors;
    private readonly int area, pixels;

    /// <param name="device">Where to.</param>
    /// <param name="network">The description.</param>
    /// <param name="shape">Of the images; what does not fit them at the network's end is left out.</param>
    /// <exception cref="BadInputException">The network does not take such images, or nothing of it fits them.</exception>
    public FrozenFeatures(ComputeDevice device, FrozenNetwork network, ImageShape shape)
    {
        (this.network, area, pixels) = (network, shape.Width * shape.Height, shape.Pixels);
        if (!network.TakesColours && shape.Channels > 1)
            throw new BadInputException(
                $"The network {network.Name} takes grey images, and those of the model have {shape.Channels} channels. Name a network that "
                + "takes RGB images.");
        maps = MapsOf(network, shape);
        Taps = TapsOf(network, maps.Length - 1);
        if (Taps.Count == 0)
            throw new BadInputException(
                $"The network {network.Name} has no layer that fits images of {shape}. Name a network for smaller images, or train on "
                + "larger ones.");
        // What comes after the last is of no use.
        int end = Taps[^1];
        uses = new int[end + 1];
        foreach (int value in network.Nodes.Take(end).SelectMany(node => node.Inputs).Concat(Taps))
            uses[value]++;
        layers = [.. Enumerable.Range(0, end).Select(LayerOf)];
        parameters = new ParameterStore(device, layers.OfType<Layer>().SelectMany(layer => layer.ParameterShapes));
        try
        {
            for (int i = 0; i < end; i++)
            {
                layers[i]?.Attach(parameters);
                if (network.Nodes[i] is not FrozenConvolution convolution)
                    continue;
                (float[] weight, float[] bias) = layers[i] is Linear
                    ? Spread(convolution, maps[convolution.Input], maps[i + 1])
                    : (convolution.Weight, convolution.Bias);
                parameters.Write(parameters[$"{NameOf(i)}.weight"], weight);
                parameters.Write(parameters[$"{NameOf(i)}.bias"], bias);
            }
            sources = device.Accelerator.Allocate1D(
                network.Input.Select(channel => Math.Min(channel.Source, shape.Channels - 1)).ToArray());
            factors = device.Accelerator.Allocate1D<float>(
                [.. network.Input.Select(channel => channel.Scale), .. network.Input.Select(channel => channel.Shift)]);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The values whose features are taken, first to last.</summary>
    public IReadOnlyList<int> Taps { get; }

    /// <summary>Floats on the device.</summary>
    public long Length => parameters.Values.Length;

    /// <summary>The size of a value of one image, whose channels are innermost.</summary>
    public ImageShape this[int value] => maps[value];

    /// <summary>Appends the way of images, [batch, pixels] planar in [0, 1], to the features.</summary>
    public FeaturePass Forward(ScheduleBuilder builder, DeviceKernels kernels, PlannedTensor images)
    {
        var context = new LayerContext(builder, kernels, parameters.Values);
        var values = new LayerOutput[uses.Length];
        var ways = new BackwardStep?[layers.Length];
        values[0] = LayerOutput.Of(Standardized(context, images));
        for (int i = 0; i < layers.Length; i++)
        {
            if (layers[i] is { } layer)
            {
                LayerPass pass = layer.Forward(context, Given(values, network.Nodes[i].Inputs[0]));
                (values[i + 1], ways[i]) = (pass.Output, pass.Backward);
            }
            else
                values[i + 1] = Sum(context, i, values);
        }
        return new FeaturePass(
            [.. Taps.Select(tap => values[tap].Value)], gradients => Backward(context, values, ways, gradients));
    }

    public void Dispose()
    {
        parameters.Dispose();
        sources?.Dispose();
        factors?.Dispose();
    }

    /// <summary>Of the values, up to the first node that does not fit what it is given.</summary>
    private static ImageShape[] MapsOf(FrozenNetwork network, ImageShape shape)
    {
        var maps = new List<ImageShape> { shape with { Channels = network.Input.Count } };
        foreach (FrozenNode node in network.Nodes)
        {
            ImageShape from = maps[node.Inputs[0]];
            (int kernel, int stride, int padding) = WindowOf(node);
            if (kernel > Math.Min(from.Height, from.Width) + 2 * padding)
                break;
            maps.Add(new ImageShape(
                (from.Width + 2 * padding - kernel) / stride + 1, (from.Height + 2 * padding - kernel) / stride + 1,
                node is FrozenConvolution convolution ? convolution.ChannelsOut : from.Channels));
            bool fits = node switch
            {
                FrozenConvolution c => c.ChannelsIn == from.Channels,
                FrozenSum sum => maps[sum.Left] == maps[sum.Right],
                _ => true,
            };
            if (!fits)
                throw new BadInputException(
                    $"The network {network.Name} does not fit together at images of {shape}: its {node} takes other maps than it is given. "
                    + "Train on images of even sides, or name another network.");
        }
        return [.. maps];
    }

    private static (int Kernel, int Stride, int Padding) WindowOf(FrozenNode node) => node switch
    {
        FrozenConvolution convolution => (convolution.Kernel, convolution.Stride, convolution.Padding),
        FrozenPooling pooling => (pooling.Kernel, pooling.Stride, pooling.Padding),
        _ => (1, 1, 0),
    };

    /// <summary>
    /// Of the values of the first nodes those that go into a smaller map, into nothing, or into nodes that are left out. What pooling gives
    /// at the end is what went into it once more.
    /// </summary>
    private static int[] TapsOf(FrozenNetwork network, int nodes) =>
    [
        .. from value in Enumerable.Range(1, nodes)
           let takers = Enumerable.Range(0, network.Nodes.Count).Where(node => network.Nodes[node].Inputs.Contains(value)).ToArray()
           where takers.Length == 0
               ? network.Nodes[value - 1] is not FrozenPooling
               : takers.Any(node => node >= nodes || WindowOf(network.Nodes[node]).Stride > 1)
           select value,
    ];

    private static string NameOf(int node) => $"features.{node}";

    private Layer? LayerOf(int node)
    {
        string name = NameOf(node);
        ImageShape from = maps[network.Nodes[node].Inputs[0]];
        return network.Nodes[node] switch
        {
            FrozenConvolution c when IsProduct(from, maps[node + 1]) =>
                new Linear(name, from.Pixels, maps[node + 1].Pixels, c.IsRectified ? Relu : null),
            FrozenConvolution c => new Convolution2d(
                name, new ConvolutionShape(1, from.Height, from.Width, c.ChannelsIn, c.ChannelsOut, c.Kernel, c.Stride, c.Padding), false,
                c.IsRectified ? Relu : null),
            FrozenPooling { IsMaximum: true } p => new MaxPool2d(name, Window(p)),
            FrozenPooling p => new AveragePool2d(name, Window(p)),
            _ => null,
        };

        WindowShape Window(FrozenPooling p) => new(1, from.Height, from.Width, from.Channels, p.Kernel, p.Stride, p.Padding);
    }

    private static bool IsProduct(ImageShape from, ImageShape to) =>
        Math.Max(from.Width * from.Height, to.Width * to.Height) <= MostPlaces && (long)from.Pixels * to.Pixels <= MostSpread;

    /// <summary>A convolution between maps of these sizes as a product: W [to's pixels, from's pixels], b [to's pixels].</summary>
    private static (float[] Weight, float[] Bias) Spread(FrozenConvolution c, ImageShape from, ImageShape to)
    {
        float[] weight = new float[from.Pixels * to.Pixels];
        for (int place = 0; place < to.Width * to.Height; place++)
        {
            for (int tap = 0; tap < c.Kernel * c.Kernel; tap++)
            {
                int y = place / to.Width * c.Stride - c.Padding + tap / c.Kernel;
                int x = place % to.Width * c.Stride - c.Padding + tap % c.Kernel;
                if (y < 0 || y >= from.Height || x < 0 || x >= from.Width)
                    continue;
                for (int o = 0; o < c.ChannelsOut; o++)
                {
                    int at = (place * c.ChannelsOut + o) * from.Pixels + (y * from.Width + x) * c.ChannelsIn;
                    for (int i = 0; i < c.ChannelsIn; i++)
                        weight[at + i] = c.Weight[(o * c.ChannelsIn + i) * c.Kernel * c.Kernel + tap];
                }
            }
        }
        return (weight, [.. Enumerable.Repeat(c.Bias, to.Width * to.Height).SelectMany(bias => bias)]);
    }

    /// <summary>
    /// A value as a layer takes it: where it is the only one, its way back ends before the activation that made the value. Else that
    /// counts once, where the ways meet.
    /// </summary>
    private LayerOutput Given(LayerOutput[] values, int value) => uses[value] == 1 ? values[value] : LayerOutput.Of(values[value].Value);

    private PlannedTensor Standardized(LayerContext context, PlannedTensor images)
    {
        ImageStandardization kernel = context.Kernels.ImageStandardization;
        PlannedTensor y = context.Builder.Tensor("features input", images.Rows, maps[0].Pixels);
        context.Builder.Add(
            "features input", 2.0 * y.Length, 4.0 * (images.Length + y.Length), [images, y],
            stream => kernel.Forward(stream, images.View, y.View, sources.View, factors.View, area));
        return y;
    }

    private LayerOutput Sum(LayerContext context, int node, LayerOutput[] values)
    {
        var sum = (FrozenSum)network.Nodes[node];
        Activation? activation = sum.IsRectified ? Relu : null;
        ConvolutionKernels kernels = context.Kernels.LinearWith(activation).Convolutions;
        PlannedTensor left = values[sum.Left].Value, right = values[sum.Right].Value;
        PlannedTensor y = context.Builder.Tensor($"{NameOf(node)} output", left.Rows, left.Columns);
        context.Builder.Add(
            $"{NameOf(node)} sum", 2.0 * y.Length, 12.0 * y.Length, [left, right, y],
            stream => kernels.Add(stream, left.View, right.View, y.View, y.View));
        return new LayerOutput(y, y, activation);
    }

    /// <summary>Appends the way from the gradients of the taps, which are overwritten, to that of the images.</summary>
    private PlannedTensor Backward(
        LayerContext context, LayerOutput[] values, BackwardStep?[] ways, IReadOnlyList<PlannedTensor> ofTaps)
    {
        var parts = new List<GradientPart>[values.Length];
        for (int value = 0; value < parts.Length; value++)
            parts[value] = [];
        for (int tap = 0; tap < ofTaps.Count; tap++)
            parts[Taps[tap]].Add(new GradientPart(ofTaps[tap], IsShared: false));
        for (int i = layers.Length - 1; i >= 0; i--)
        {
            if (parts[i + 1].Count == 0)
                continue;
            PlannedTensor dy = Met(context, values[i + 1], parts[i + 1]);
            IReadOnlyList<int> inputs = network.Nodes[i].Inputs;
            if (ways[i] is { } way)
                parts[inputs[0]].Add(new GradientPart(
                    way(context, dy, wantsInput: true)!, IsShared: false, IsWhole: uses[inputs[0]] == 1));
            else
                foreach (int input in inputs)
                    parts[input].Add(new GradientPart(dy, IsShared: true));
        }
        PlannedTensor ofInput = Met(context, values[0], parts[0]);
        PlannedTensor dImages = context.Builder.Tensor("gradient of the images", ofInput.Rows, pixels);
        ImageStandardization kernel = context.Kernels.ImageStandardization;
        context.Builder.Add(
            "features input backward", 2.0 * ofInput.Length, 4.0 * (ofInput.Length + dImages.Length), [ofInput, dImages],
            stream => kernel.Backward(stream, ofInput.View, dImages.View, sources.View, factors.View, area));
        return dImages;
    }

    /// <summary>Appends the sum of what comes back to a value, taken back through the activation that made it.</summary>
    private static PlannedTensor Met(LayerContext context, LayerOutput value, List<GradientPart> parts)
    {
        if (parts is [var only] && (only.IsWhole || value.Activation is null))
            return only.Tensor;
        int own = Math.Max(0, parts.FindIndex(part => !part.IsShared));
        PlannedTensor saved = value.Saved, dx = parts[own].IsShared ? Copied(context, parts[own].Tensor) : parts[own].Tensor;
        PlannedTensor[] others = [.. parts.Where((_, i) => i != own).Select(part => part.Tensor)];
        ConvolutionKernels last = context.Kernels.LinearWith(value.Activation).Convolutions;
        ConvolutionKernels before = context.Kernels.LinearWith(null).Convolutions;
        if (others.Length == 0)
            context.Builder.Add(
                "features derivative", 2.0 * dx.Length, 12.0 * dx.Length, [saved, dx],
                stream => last.Differentiate(stream, saved.View, dx.View));
        for (int i = 0; i < others.Length; i++)
        {
            PlannedTensor other = others[i];
            ConvolutionKernels kernels = i == others.Length - 1 ? last : before;
            context.Builder.Add(
                "features sum backward", 3.0 * dx.Length, 16.0 * dx.Length, [saved, other, dx],
                stream => kernels.AddBackward(stream, saved.View, other.View, dx.View));
        }
        return dx;
    }

    private static PlannedTensor Copied(LayerContext context, PlannedTensor from)
    {
        PlannedTensor copy = context.Builder.Tensor($"{from.Name}, kept", from.Rows, from.Columns);
        context.Builder.Add(
            $"copy {from.Name}", 0, 8.0 * copy.Length, [from, copy], stream => from.View.CopyTo(stream, copy.View));
        return copy;
    }

    /// <summary>What comes back to a value from one that takes it.</summary>
    /// <param name="Tensor">The gradient.</param>
    /// <param name="IsShared">Whether it is another's, too, and must stay.</param>
    /// <param name="IsWhole">Whether it is all that comes back, and the activation's derivative is in it.</param>
    private readonly record struct GradientPart(PlannedTensor Tensor, bool IsShared, bool IsWhole = false);
}

/// <summary>One way of images through a network.</summary>
/// <param name="Taps">Features [batch, places · channels], channels innermost.</param>
/// <param name="Backward">Appends the way from gradients of the taps, which are overwritten, to ∂loss/∂images, [batch, pixels].</param>
internal sealed record FeaturePass(
    IReadOnlyList<PlannedTensor> Taps, Func<IReadOnlyList<PlannedTensor>, PlannedTensor> Backward);
