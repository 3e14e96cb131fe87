using GpuVae.Layers;
using Onnx;

namespace GpuVae.Onnx.Networks;

/// <summary>Follows the nodes of a graph from its image on, and makes a description of what its convolutional part computes.</summary>
internal sealed class NetworkReader
{
    // What the first file is given; the description begins with values from 0 to 1.
    private const float Range = 255;

    // Far beyond what networks have, and far below what overflows.
    private const int MostKernel = 1024;

    // Where maps become something else.
    private static readonly HashSet<string> Ends =
        ["Flatten", "Reshape", "Gemm", "MatMul", "ReduceMean", "GlobalAveragePool", "GlobalMaxPool", "Shape", "Squeeze"];

    private readonly string path;
    private readonly GraphProto graph;
    private readonly Constants constants;
    private readonly Dictionary<string, Flow> flows = [];
    private readonly Dictionary<string, int> uses;
    private readonly List<FrozenNode> nodes;
    private FrozenChannel[]? input;

    /// <param name="path">For messages.</param>
    /// <param name="graph">Of the file.</param>
    /// <param name="before">The reader of the file whose output this one is given, when it is done; null for the first.</param>
    /// <exception cref="BadInputException">The graph takes no images.</exception>
    public NetworkReader(string path, GraphProto graph, NetworkReader? before)
    {
        (this.path, this.graph, constants) = (path, graph, new Constants(path, graph));
        (nodes, input) = (before?.nodes ?? [], before?.input);
        uses = graph.Node.SelectMany(node => node.Input).Concat(graph.Output.Select(output => output.Name))
            .GroupBy(name => name).ToDictionary(name => name.Key, name => name.Count());
        ValueInfoProto[] given = [.. graph.Input.Where(value => !constants.Has(value.Name))];
        int channels = given is [{ Type.TensorType: { } type }] && type.ElemType is (int)TensorProto.Types.DataType.Float
            && type.Shape?.Dim is { Count: 4 } dimensions
            ? (int)dimensions[1].DimValue
            : -1;
        if (before is null ? channels is not (1 or 3) : channels < 0)
            throw new BadInputException(
                $"{path} does not take images [number, 3, height, width] in float32, or grey ones, as its one input. Name a network of "
                + "images.");
        flows[given[0].Name] = before?.Result
            ?? new Flow.Image([.. Enumerable.Range(0, channels).Select(channel => new FrozenChannel(channel, Range, 0))]);
    }

    private Flow Result => flows.GetValueOrDefault(graph.Output.Count > 0 ? graph.Output[0].Name : "") ?? Flow.Other;

    /// <summary>Reads all nodes.</summary>
    /// <exception cref="BadInputException">The convolutional part has something that there are no layers for.</exception>
    public void Read()
    {
        foreach (NodeProto node in graph.Node)
        {
            Flow[] given = [.. node.Input.Select(name => flows.GetValueOrDefault(name) ?? Flow.Other)];
            if (given.All(flow => flow == Flow.Other))
                constants.Add(node);
            else if (node.OpType == "Split" && given[0] is Flow.Image image)
                Split(node, image);
            else
                flows[node.Output[0]] = ReadNode(node, given);
        }
    }

    /// <summary>What was read.</summary>
    /// <exception cref="BadInputException">There is no convolution.</exception>
    public FrozenNetwork Network(string name) => nodes.Exists(node => node is FrozenConvolution)
        ? new FrozenNetwork(name, input!, nodes)
        : throw new BadInputException($"{path} has no convolution that an image goes through. Name a convolutional network.");

    private Flow ReadNode(NodeProto node, Flow[] given) => (node.OpType, given[0]) switch
    {
        ("Identity" or "Dropout", _) => given[0],
        ("Concat", _) when given.All(flow => flow is Flow.Image) =>
            new Flow.Image([.. given.SelectMany(flow => ((Flow.Image)flow).Channels)]),
        ("Add" or "Sub" or "Mul" or "Div", _) when given is [Flow.Image] or [Flow.Image, _] or [_, Flow.Image] => Scale(node, given),
        ("BatchNormalization", Flow.Image image) => Normalize(node, image),
        ("Conv", _) => Convolve(node, given[0]),
        ("BatchNormalization", Flow.Maps maps) => Fold(node, maps),
        ("Relu", Flow.Maps maps) => Rectify(node, maps),
        ("MaxPool" or "AveragePool", Flow.Maps maps) => Pool(node, maps),
        ("Add" or "Sum", Flow.Maps left) when given is [_, Flow.Maps right] && left.Channels == right.Channels =>
            Append(new FrozenSum(left.Value, right.Value, false), left.Channels),
        (var operation, _) when Ends.Contains(operation) => Flow.Other,
        _ => throw Refused(node, "which there is no layer for: a network of features consists of Conv, BatchNormalization, Relu, "
            + "MaxPool, AveragePool and Add"),
    };

    private void Split(NodeProto node, Flow.Image image)
    {
        int[] sizes = node.Ints("split") ?? (node.Input.Count > 1 ? constants.Integers(node, node.Input[1]) : null)
            ?? [.. Enumerable.Repeat(image.Channels.Length / node.Output.Count, node.Output.Count)];
        if (node.Int("axis", 0) != 1 || sizes.Sum() != image.Channels.Length || sizes.Length != node.Output.Count)
            throw Refused(node, "which does not split the channels");
        int at = 0;
        foreach ((string output, int size) in node.Output.Zip(sizes))
            flows[output] = new Flow.Image(image.Channels[at..(at += size)]);
    }

    /// <summary>x·scale + shift of each channel.</summary>
    private Flow.Image Scale(NodeProto node, Flow[] given)
    {
        bool isFirst = given[0] is Flow.Image;
        var image = (Flow.Image)given[isFirst ? 0 : 1];
        float[] values = constants.OfChannels(node, node.Input[isFirst ? 1 : 0], image.Channels.Length, node.OpType is "Add" or "Sub");
        return new Flow.Image([.. image.Channels.Select((channel, i) => (node.OpType, isFirst) switch
        {
            ("Add", _) => channel with { Shift = channel.Shift + values[i] },
            ("Sub", true) => channel with { Shift = channel.Shift - values[i] },
            ("Sub", false) => channel with { Scale = -channel.Scale, Shift = values[i] - channel.Shift },
            ("Mul", _) => channel with { Scale = channel.Scale * values[i], Shift = channel.Shift * values[i] },
            (_, true) => channel with { Scale = channel.Scale / values[i], Shift = channel.Shift / values[i] },
            _ => throw Refused(node, "which divides by the image"),
        })]);
    }

    private Flow.Image Normalize(NodeProto node, Flow.Image image)
    {
        (float[] scale, float[] shift) = constants.Normalization(node, image.Channels.Length);
        return new Flow.Image([.. image.Channels.Select((channel, i) => channel with
        {
            Scale = channel.Scale * scale[i],
            Shift = channel.Shift * scale[i] + shift[i],
        })]);
    }

    private Flow.Maps Convolve(NodeProto node, Flow given)
    {
        if (given is Flow.Image image)
        {
            if (input is not null && !input.SequenceEqual(image.Channels))
                throw Refused(node, "which is given the image in another way than the convolution before it");
            input = image.Channels;
        }
        (int value, int channels) = given switch
        {
            Flow.Image of => (0, of.Channels.Length),
            Flow.Maps of => (of.Value, of.Channels),
            _ => throw Refused(node, "whose input is no image and no map of one"),
        };
        (int[] shape, float[] weight) = constants.Floats(node, node.Input[1]);
        if (node.Int("group", 1) != 1)
            throw Refused(node, "which has several groups");
        if (shape is not [var outputs, var inputs, var kernel, var width] || inputs != channels || kernel != width)
            throw Refused(node, $"whose kernel [{string.Join(", ", shape)}] is none of squares over {channels} channels");
        (int stride, int padding) = WindowOf(node, kernel);
        float[] bias = node.Input.Count > 2 && node.Input[2].Length > 0 ? constants.Floats(node, node.Input[2]).Values : new float[outputs];
        return Append(new FrozenConvolution(value, inputs, outputs, kernel, stride, padding, weight, bias, false), outputs);
    }

    /// <summary>Into the convolution before it: γ·(x ∗ w + b − μ)/√(σ² + ε) + β.</summary>
    private Flow.Maps Fold(NodeProto node, Flow.Maps maps)
    {
        if (nodes[maps.Value - 1] is not FrozenConvolution { IsRectified: false } convolution || uses[node.Input[0]] > 1)
            throw Refused(node, "which follows no convolution directly");
        (float[] scale, float[] shift) = constants.Normalization(node, maps.Channels);
        int taps = convolution.Weight.Length / maps.Channels;
        nodes[maps.Value - 1] = convolution with
        {
            Weight = [.. convolution.Weight.Select((weight, i) => weight * scale[i / taps])],
            Bias = [.. convolution.Bias.Select((bias, i) => bias * scale[i] + shift[i])],
        };
        return maps;
    }

    private Flow.Maps Rectify(NodeProto node, Flow.Maps maps)
    {
        FrozenNode before = nodes[maps.Value - 1];
        if (before is FrozenPooling || uses[node.Input[0]] > 1)
            throw Refused(node, "which follows no Conv, BatchNormalization or Add directly");
        nodes[maps.Value - 1] = before with { IsRectified = true };
        return maps;
    }

    private Flow Pool(NodeProto node, Flow.Maps maps)
    {
        bool isMaximum = node.OpType == "MaxPool";
        if (node.Ints("kernel_shape") is not [var kernel, var width] || kernel != width || node.Int("ceil_mode", 0) != 0)
            throw Refused(node, "whose windows are no squares, or reach beyond the image (ceil_mode)");
        (int stride, int padding) = WindowOf(node, kernel);
        // Old files have it in the place of GlobalAveragePool.
        if (!isMaximum && stride == 1)
            return Flow.Other;
        if (padding >= kernel || (!isMaximum && padding > 0 && node.Int("count_include_pad", 0) == 0))
            throw Refused(node, "whose padding does not count, or is as large as its windows");
        return Append(new FrozenPooling(maps.Value, kernel, stride, padding, isMaximum), maps.Channels);
    }

    private Flow.Maps Append(FrozenNode node, int channels)
    {
        nodes.Add(node);
        return new Flow.Maps(nodes.Count, channels);
    }

    /// <summary>Stride and padding, the same along both axes.</summary>
    private (int Stride, int Padding) WindowOf(NodeProto node, int kernel)
    {
        int[] strides = node.Ints("strides") ?? [1, 1], pads = node.Ints("pads") ?? [0, 0, 0, 0];
        if (node.Ints("dilations") is { } dilations && dilations.Any(dilation => dilation != 1))
            throw Refused(node, "which is dilated");
        if (strides is not [var stride, var across] || stride != across || stride < 1 || kernel is < 1 or > MostKernel)
            throw Refused(node, "whose strides differ, or whose kernel is none");
        string automatic = node.Text("auto_pad") ?? "NOTSET";
        if (automatic == "VALID")
            return (stride, 0);
        if (automatic.StartsWith("SAME", StringComparison.Ordinal) && stride == 1 && kernel % 2 == 1)
            return (1, kernel / 2);
        if (automatic != "NOTSET" || pads is not [var top, var left, var bottom, var right] || top != left || bottom != right || top < 0
            || top >= kernel || bottom > top || top - bottom >= stride)
            throw Refused(node, $"whose padding ({(automatic == "NOTSET" ? string.Join(", ", pads) : automatic)}) is not the same on all "
                + "sides");
        return (stride, top);
    }

    private BadInputException Refused(NodeProto node, string what) => new(
        $"{path}: its convolutional part has the operator {node.OpType} ({(node.Name.Length > 0 ? node.Name : node.Output[0])}), {what}. "
        + "Name another network.");

    /// <summary>What a value of the graph is of the image.</summary>
    private abstract record Flow
    {
        /// <summary>Nothing that the description goes on with.</summary>
        public static readonly Flow Other = new Rest();

        /// <summary>Its channels, scaled and moved.</summary>
        public sealed record Image(FrozenChannel[] Channels) : Flow;

        /// <summary>A value of the description.</summary>
        public sealed record Maps(int Value, int Channels) : Flow;

        private sealed record Rest : Flow;
    }
}
