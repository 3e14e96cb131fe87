using GpuVae.Models;
using GpuVae.Onnx.Graphs;
using GpuVae.Onnx.Latent;
using GpuVae.Onnx.Layers;
using GpuVae.Onnx.Likelihoods;
using static GpuVae.Onnx.Graphs.Functions;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx;

/// <summary>The graphs of a model with discrete codes; what these are drawn from is no part of it.</summary>
internal sealed class CodeGraphs(Vae model, OnnxPrecision precision) : ModelGraphs(model, precision)
{
    private readonly QuantizerNodes[] quantizers = QuantizerNodes.Create(model);

    /// <summary>image → numbers of each grid.</summary>
    public override Graph Encoder()
    {
        Graph graph = New("encoder");
        AddNumbers(graph, Encode(Image(graph)).Numbers);
        return graph;
    }

    /// <summary>numbers of each grid → image and the parameters of p(x|z).</summary>
    public override Graph Decoder()
    {
        Graph graph = New("decoder");
        Value[] vectors =
        [
            .. quantizers.Select(grid => grid.Vectors(graph.Input(
                grid.NumbersName, grid.NumbersMeaning, DataType.Int64, grid.Grid.Height, grid.Grid.Width))),
        ];
        Value codes = Parts.Codes!.Top is { } top ? Join(vectors[1], NetworkNodes.Append(top.Enlargement, vectors[0])) : vectors[0];
        return Decoded(graph, Decode(codes, null));
    }

    /// <summary>image → reconstruction, numbers and what the pixels cost.</summary>
    public override Graph Whole()
    {
        Graph graph = New("vae");
        Value image = Image(graph);
        (Value codes, Value[] numbers) = Encode(image);
        IReadOnlyList<Parameter> described = Decode(codes, null);
        graph.Output("reconstruction", "mean of p(x|z)", Likelihood.Mean(described));
        AddNumbers(graph, numbers);
        graph.Output("reconstruction_loss", "-ln p(x|z), nats", Sum(Likelihood.Loss(described, image)));
        return graph;
    }

    public override Graph? Prior() => null;

    public override Graph? Sampler() => null;

    /// <summary>What the decoder is given, and the numbers of each grid, the top one first; the formula stands with CodeGrids.</summary>
    private (Value Codes, Value[] Numbers) Encode(Value image)
    {
        Value encoded = NetworkNodes.Append(Parts.Encoder, image);
        if (Parts.Codes!.Top is not { } top)
        {
            Value only = quantizers[0].Numbers(encoded);
            return (quantizers[0].Vectors(only), [only]);
        }
        Value above = quantizers[0].Numbers(NetworkNodes.Append(top.Reduction, encoded));
        Value seen = NetworkNodes.Append(top.Enlargement, quantizers[0].Vectors(above));
        Value below = quantizers[1].Numbers(NetworkNodes.Append(top.Choice, Join(encoded, seen)));
        return (Join(quantizers[1].Vectors(below), seen), [above, below]);
    }

    private void AddNumbers(Graph graph, Value[] numbers)
    {
        foreach ((QuantizerNodes grid, Value value) in quantizers.Zip(numbers))
            graph.Output(grid.NumbersName, grid.NumbersMeaning, value, DataType.Int64);
    }

    /// <summary>Channels beside each other.</summary>
    private static Value Join(Value a, Value b)
    {
        int channels = a.Shape[0] + b.Shape[0];
        return a.Graph.Apply("Concat", [channels, .. a.Shape[1..]], [a, b], ("axis", 1));
    }
}
