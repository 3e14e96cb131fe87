using GpuVae.Formats;
using Google.Protobuf;
using Onnx;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx.Graphs;

/// <summary>An ONNX graph under construction; the first dimension of its inputs and of most of its values is a batch of any size.</summary>
/// <param name="name">Of the graph.</param>
/// <param name="weights">Of the model, by name, in PyTorch's layouts.</param>
/// <param name="format">How the weights of linear and convolutional layers are stored.</param>
internal sealed class Graph(string name, IReadOnlyDictionary<string, NamedTensor> weights, WeightFormat format)
{
    /// <summary>The newest that every runtime of the last years has, and all that is needed.</summary>
    private const int OperatorSet = 17, FormatVersion = 8;

    private const string Batch = "batch";

    private readonly GraphProto proto = new() { Name = name };
    private readonly Dictionary<string, Value> constants = [];
    private readonly Dictionary<string, Value> layers = [];
    private readonly Dictionary<string, float[]> rounded = [];
    private long bytes;

    /// <summary>Of the file.</summary>
    public string Name => name;

    /// <summary>The values that come back from the weights of layers, by name.</summary>
    public IReadOnlyDictionary<string, float[]> Rounded => rounded;

    /// <summary>What the weights of layers take less than in float32.</summary>
    public long BytesSaved { get; private set; }

    public Value Input(string name, string meaning, DataType type, params int[] shape)
    {
        proto.Input.Add(Describe(name, meaning, type, [null, .. shape.Select(extent => (int?)extent)]));
        return new Value(this, name, shape);
    }

    public void Output(string name, string meaning, Value value, DataType type = DataType.Float)
    {
        bool isConstant = constants.ContainsValue(value);
        proto.Node.Add(new NodeProto { OpType = "Identity", Name = name, Input = { value.Name }, Output = { name } });
        int?[] shape = [.. value.Shape.Select(extent => (int?)extent)];
        proto.Output.Add(Describe(name, meaning, type, isConstant ? shape : [null, .. shape]));
    }

    /// <summary>Appends a node.</summary>
    /// <param name="operation">ONNX's name of it.</param>
    /// <param name="shape">Of what comes out, without the batch.</param>
    /// <param name="inputs">Values and constants; null for one that is left out.</param>
    /// <param name="attributes">Of type int, float, int[] or string.</param>
    public Value Apply(string operation, int[] shape, Value?[] inputs, params (string Name, object Value)[] attributes)
    {
        string name = $"{operation}_{proto.Node.Count}";
        proto.Node.Add(new NodeProto
        {
            OpType = operation,
            Name = name,
            Input = { inputs.Select(input => input?.Name ?? "") },
            Output = { name },
            Attribute = { attributes.Select(attribute => Attribute(attribute.Name, attribute.Value)) },
        });
        return new Value(this, name, shape);
    }

    /// <summary>A weight of a linear or convolutional layer, in float32.</summary>
    public Value Weight(string name, int channelAxis)
    {
        if (layers.TryGetValue(name, out Value? known))
            return known;
        NamedTensor weight = weights[name];
        (TensorProto[] tensors, rounded[name]) = format.Store(weight, channelAxis);
        foreach (TensorProto tensor in tensors)
            Add(tensor);
        BytesSaved += sizeof(float) * (long)weight.Data.Length - tensors.Sum(tensor => (long)tensor.RawData.Length);
        return layers[name] = format.Restore([.. tensors.Select(tensor => new Value(this, tensor.Name, weight.Shape))], channelAxis);
    }

    /// <summary>Another parameter of the model, in this shape.</summary>
    public Value Parameter(string name, params int[] shape) => Constant(name, weights[name].Data, shape);

    /// <summary>A number.</summary>
    public Value Constant(float value) => Constant(FormattableString.Invariant($"value_{value:R}"), [value]);

    /// <summary>Numbers; the name is theirs alone.</summary>
    public Value Constant(string name, float[] values, params int[] shape) =>
        Constant(name, () => WeightFormat.Tensor(name, DataType.Float, shape, values), shape);

    /// <summary>Whole numbers, such as axes and shapes, in a row.</summary>
    public Value Integers(params int[] values) => Integers($"integers_{string.Join('_', values)}", values);

    /// <summary>Many of them; the name is theirs alone.</summary>
    public Value Integers(string name, int[] values) => Constant(
        name, () => WeightFormat.Tensor(name, DataType.Int64, [values.Length], Array.ConvertAll(values, value => (long)value)),
        [values.Length]);

    /// <summary>The graph as a file, with what it is about.</summary>
    public ModelProto ToModel(IEnumerable<(string Key, string Value)> metadata) => new()
    {
        IrVersion = FormatVersion,
        ProducerName = "GpuVae",
        ProducerVersion = typeof(Graph).Assembly.GetName().Version!.ToString(3),
        OpsetImport = { new OperatorSetIdProto { Version = OperatorSet } },
        Graph = proto,
        MetadataProps = { metadata.Select(entry => new StringStringEntryProto { Key = entry.Key, Value = entry.Value }) },
    };

    private Value Constant(string name, Func<TensorProto> tensor, int[] shape)
    {
        if (constants.TryGetValue(name, out Value? known))
            return known;
        Add(tensor());
        return constants[name] = new Value(this, name, shape);
    }

    /// <exception cref="BadInputException">So much does not fit into a file.</exception>
    private void Add(TensorProto tensor)
    {
        bytes += tensor.RawData.Length;
        Require(bytes);
        proto.Initializer.Add(tensor);
    }

    /// <exception cref="BadInputException">So many bytes do not fit into a file.</exception>
    public void Require(long bytes)
    {
        // Nodes and names take far less than what is left.
        const long most = int.MaxValue - (16L << 20);
        if (bytes > most)
            throw new BadInputException(
                $"The part '{name}' of the model takes {bytes >> 20} MiB and more, and an ONNX file holds 2 GiB at most. "
                + "Export it with less precision, or train a smaller model.");
    }

    private static ValueInfoProto Describe(string name, string meaning, DataType type, int?[] shape)
    {
        var dimensions = new TensorShapeProto();
        foreach (int? extent in shape)
            dimensions.Dim.Add(extent is { } size
                ? new TensorShapeProto.Types.Dimension { DimValue = size }
                : new TensorShapeProto.Types.Dimension { DimParam = Batch });
        return new ValueInfoProto
        {
            Name = name,
            DocString = meaning,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = dimensions } },
        };
    }

    private static AttributeProto Attribute(string name, object value) => value switch
    {
        int number => new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = number },
        float number => new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = number },
        string text => new AttributeProto
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.String,
            S = ByteString.CopyFromUtf8(text),
        },
        int[] numbers => new AttributeProto
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Ints,
            Ints = { numbers.Select(number => (long)number) },
        },
        _ => throw new ArgumentException($"{name} is a {value.GetType()}, which no attribute is here.", nameof(value)),
    };
}
