using System.Runtime.InteropServices;
using Onnx;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx.Networks;

/// <summary>Numbers that stand in a file: initializers, and what its Constant nodes give.</summary>
internal sealed class Constants(string path, GraphProto graph)
{
    private const float DefaultEpsilon = 1e-5f;

    private readonly Dictionary<string, TensorProto> tensors = graph.Initializer
        .GroupBy(tensor => tensor.Name).ToDictionary(tensor => tensor.Key, tensor => tensor.First());

    public bool Has(string name) => tensors.ContainsKey(name);

    /// <summary>Adds what a node gives, if it is a constant.</summary>
    public void Add(NodeProto node)
    {
        if (node.OpType == "Constant" && node.Output.Count == 1 && NodeAttributes.Find(node, "value")?.T is { } tensor)
            tensors[node.Output[0]] = tensor;
    }

    /// <exception cref="BadInputException">They are not in the file, or in another format.</exception>
    public (int[] Shape, float[] Values) Floats(NodeProto node, string name)
    {
        TensorProto tensor = Find(node, name);
        if (tensor.DataType != (int)DataType.Float)
            throw Refused(node, name, $"are no float32 ({(DataType)tensor.DataType}). Export the network in float32.");
        float[] values = tensor.RawData.Length > 0
            ? MemoryMarshal.Cast<byte, float>(tensor.RawData.Span[..(tensor.RawData.Length & -sizeof(float))]).ToArray()
            : [.. tensor.FloatData];
        long[] shape = [.. tensor.Dims];
        if (shape.Any(extent => extent is < 1 or > int.MaxValue) || values.Length != shape.Aggregate(1.0, (all, extent) => all * extent))
            throw Refused(node, name, "are not as many as their shape says. Export the network again.");
        return Array.TrueForAll(values, float.IsFinite)
            ? ([.. shape.Select(extent => (int)extent)], values)
            : throw Refused(node, name, "are no finite numbers. Export the network again.");
    }

    /// <exception cref="BadInputException">They are not in the file, or in another format.</exception>
    public int[] Integers(NodeProto node, string name)
    {
        TensorProto tensor = Find(node, name);
        if (tensor.DataType != (int)DataType.Int64)
            throw Refused(node, name, $"are no int64 ({(DataType)tensor.DataType}). Export the network again.");
        ReadOnlySpan<long> values = tensor.RawData.Length > 0
            ? MemoryMarshal.Cast<byte, long>(tensor.RawData.Span[..(tensor.RawData.Length & -sizeof(long))])
            : tensor.Int64Data.ToArray();
        return [.. values.ToArray().Select(value => int.CreateSaturating(value))];
    }

    /// <summary>
    /// One number for each channel of an image: of one for all, of [(1,) channels, 1, 1], or, as a mean, of a whole image.
    /// </summary>
    /// <exception cref="BadInputException">It is of another shape, or is not in the file.</exception>
    public float[] OfChannels(NodeProto node, string name, int channels, bool takesMean)
    {
        (int[] shape, float[] values) = Floats(node, name);
        if (values.Length == 1)
            return [.. Enumerable.Repeat(values[0], channels)];
        int[] ofImage = shape is [1, .. var rest] && shape.Length == 4 ? rest : shape;
        if (ofImage is not [var own, var height, var width] || own != channels || (height * width > 1 && !takesMean))
            throw Refused(node, name, "are not one for each channel. Export the network with a mean and a scale of each channel.");
        int area = height * width;
        return [.. Enumerable.Range(0, channels).Select(channel => values.Skip(channel * area).Take(area).Average())];
    }

    /// <summary>γ/√(σ² + ε) and β − μ·γ/√(σ² + ε) of each channel.</summary>
    /// <exception cref="BadInputException">They are not one for each channel, or not in the file.</exception>
    public (float[] Scale, float[] Shift) Normalization(NodeProto node, int channels)
    {
        if (node.Input.Count != 5)
            throw Refused(node, node.OpType, "are not its four. Export the network again.");
        float[][] all = [.. node.Input.Skip(1).Select(name => Floats(node, name).Values)];
        if (Array.Exists(all, values => values.Length != channels))
            throw Refused(node, node.Input[1], "are not one for each channel. Export the network again.");
        double epsilon = node.Float("epsilon", DefaultEpsilon);
        double[] scale = [.. all[0].Zip(all[3], (gamma, variance) => gamma / Math.Sqrt(variance + epsilon))];
        return (
            [.. scale.Select(value => (float)value)],
            [.. scale.Select((value, i) => (float)(all[1][i] - all[2][i] * value))]);
    }

    private TensorProto Find(NodeProto node, string name) => tensors.GetValueOrDefault(name) is { } tensor
        ? tensor.DataLocation == DataLocation.External
            ? throw Refused(node, name, "lie in another file. Export the network with its weights in one file.")
            : tensor
        : throw Refused(node, name, "are not in the file. Export the network with its weights, for evaluation.");

    private BadInputException Refused(NodeProto node, string name, string what) =>
        new($"{path}: the numbers '{name}' of the operator {node.OpType} {what}");
}
