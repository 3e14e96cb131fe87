using GpuVae.Formats;
using Google.Protobuf;
using Onnx;
using static Onnx.AttributeProto.Types;
using static Onnx.TensorProto.Types;

namespace GpuVae.Tests.Onnx;

/// <summary>A network with random weights as ONNX, node by node; values go by the names that these give.</summary>
internal sealed class TinyNetwork
{
    public const string Input = "images";

    private readonly Random random;

    public TinyNetwork(int[] input, int seed = 1)
    {
        random = new Random(seed);
        Graph.Input.Add(Described(Input, input));
    }

    public GraphProto Graph { get; } = new() { Name = "tiny" };

    /// <summary>Appends a node.</summary>
    /// <param name="operation">ONNX's name of it.</param>
    /// <param name="inputs">Values, or the names of numbers.</param>
    /// <param name="attributes">Of type int, int[], float or string.</param>
    public string Apply(string operation, string[] inputs, params (string Name, object Value)[] attributes)
    {
        string name = $"{operation}_{Graph.Node.Count}";
        Graph.Node.Add(new NodeProto
        {
            OpType = operation,
            Name = name,
            Input = { inputs },
            Output = { name },
            Attribute = { attributes.Select(attribute => Attribute(attribute.Name, attribute.Value)) },
        });
        return name;
    }

    public string Numbers(int[] shape, double low = -1, double high = 1) => Numbers(
        shape, [.. Enumerable.Range(0, shape.Aggregate(1, (all, extent) => all * extent)).Select(_ =>
            (float)(low + (high - low) * random.NextDouble()))]);

    public string Numbers(int[] shape, float[] values)
    {
        string name = $"numbers_{Graph.Initializer.Count}";
        Graph.Initializer.Add(new TensorProto
        {
            Name = name,
            DataType = (int)DataType.Float,
            Dims = { shape.Select(extent => (long)extent) },
            RawData = ByteString.CopyFrom(LittleEndian.Bytes<float>(values)),
        });
        return name;
    }

    /// <summary>Outputs of order one where inputs are.</summary>
    public string Conv(string x, int from, int to, int kernel, int stride = 1, int[]? pads = null)
    {
        double range = Math.Sqrt(3.0 / (from * kernel * kernel));
        return Apply(
            "Conv", [x, Numbers([to, from, kernel, kernel], -range, range), Numbers([to], -0.1, 0.1)],
            ("kernel_shape", new[] { kernel, kernel }), ("strides", new[] { stride, stride }),
            ("pads", pads ?? [.. Enumerable.Repeat(kernel / 2, 4)]));
    }

    public string Normalize(string x, int channels) => Apply(
        "BatchNormalization",
        [x, Numbers([channels], 0.7, 1.3), Numbers([channels], -0.2, 0.2), Numbers([channels], -0.2, 0.2), Numbers([channels], 0.5, 1.5)],
        ("epsilon", 1e-3f));

    public string Relu(string x) => Apply("Relu", [x]);

    public string Pool(string operation, string x, int kernel, int stride, params int[] pads) => Apply(
        operation, [x], ("kernel_shape", new[] { kernel, kernel }), ("strides", new[] { stride, stride }),
        ("pads", pads.Length == 0 ? [0, 0, 0, 0] : pads));

    /// <summary>Writes it, with these values, of these shapes, as what it gives.</summary>
    public string Save(string path, params (string Name, int[] Shape)[] outputs)
    {
        Graph.Output.Add(outputs.Select(output => Described(output.Name, output.Shape)));
        var model = new ModelProto { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 12 } }, Graph = Graph };
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    /// <summary>
    /// A small classifier as they are: normalisation, stages with and without residual blocks, pooling, a layer at the end.
    /// </summary>
    /// <returns>Its features for images of 32×24, stage by stage.</returns>
    public static (string Name, int[] Shape)[] Write(string path)
    {
        var net = new TinyNetwork([1, 3, 24, 32]);
        string x = net.Apply("Sub", [Input, net.Numbers([3, 1, 1], [123, 117, 104])]);
        x = net.Apply("Div", [x, net.Numbers([1, 3, 1, 1], [58, 57, 56])]);
        string first = net.Relu(net.Normalize(net.Conv(x, 3, 5, 7, 2, [3, 3, 2, 2]), 5));
        string start = net.Pool("MaxPool", first, 3, 2, 1, 1, 0, 0);
        string branch = net.Relu(net.Normalize(net.Conv(start, 5, 5, 3), 5));
        string second = net.Relu(net.Apply("Add", [net.Normalize(net.Conv(branch, 5, 5, 3), 5), start]));
        branch = net.Relu(net.Normalize(net.Conv(second, 5, 7, 3, 2, [1, 1, 0, 0]), 7));
        string narrow = net.Normalize(net.Conv(second, 5, 7, 1, 2, [0, 0, 0, 0]), 7);
        string third = net.Relu(net.Apply("Add", [net.Normalize(net.Conv(branch, 7, 7, 3), 7), narrow]));
        string last = net.Relu(net.Conv(net.Pool("AveragePool", third, 2, 2), 7, 9, 3));
        string flat = net.Apply("Flatten", [net.Apply("GlobalAveragePool", [last])]);
        string scores = net.Apply("Gemm", [flat, net.Numbers([9, 4])]);
        (string, int[])[] features =
            [(first, [1, 5, 12, 16]), (second, [1, 5, 6, 8]), (third, [1, 7, 3, 4]), (last, [1, 9, 1, 2])];
        net.Save(path, [(scores, [1, 4]), .. features]);
        return features;
    }

    private static ValueInfoProto Described(string name, int[] shape) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = (int)DataType.Float,
                Shape = new TensorShapeProto
                {
                    Dim = { shape.Select(extent => new TensorShapeProto.Types.Dimension { DimValue = extent }) },
                },
            },
        },
    };

    private static AttributeProto Attribute(string name, object value) => value switch
    {
        int number => new AttributeProto { Name = name, Type = AttributeType.Int, I = number },
        float number => new AttributeProto { Name = name, Type = AttributeType.Float, F = number },
        string text => new AttributeProto { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(text) },
        int[] numbers => new AttributeProto
        {
            Name = name,
            Type = AttributeType.Ints,
            Ints = { numbers.Select(number => (long)number) },
        },
        _ => throw new ArgumentException($"{name} is a {value.GetType()}.", nameof(value)),
    };
}
