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
    private const string NumbersMeaning = "of the codes of the grid, row by row";

    private readonly QuantizerNodes quantizer = QuantizerNodes.Create(model);

    /// <summary>image → numbers.</summary>
    public override Graph Encoder()
    {
        Graph graph = New("encoder");
        graph.Output("numbers", NumbersMeaning, Numbers(Image(graph)), DataType.Int64);
        return graph;
    }

    /// <summary>numbers → image and the parameters of p(x|z).</summary>
    public override Graph Decoder()
    {
        Graph graph = New("decoder");
        Value numbers = graph.Input("numbers", NumbersMeaning, DataType.Int64, Options.Grid.Height, Options.Grid.Width);
        return Decoded(graph, Decode(quantizer.Vectors(numbers), null));
    }

    /// <summary>image → reconstruction, numbers and what the pixels cost.</summary>
    public override Graph Whole()
    {
        Graph graph = New("vae");
        Value image = Image(graph), numbers = Numbers(image);
        IReadOnlyList<Parameter> described = Decode(quantizer.Vectors(numbers), null);
        graph.Output("reconstruction", "mean of p(x|z)", Likelihood.Mean(described));
        graph.Output("numbers", NumbersMeaning, numbers, DataType.Int64);
        graph.Output("reconstruction_loss", "-ln p(x|z), nats", Sum(Likelihood.Loss(described, image)));
        return graph;
    }

    public override Graph? Prior() => null;

    public override Graph? Sampler() => null;

    private Value Numbers(Value image) => quantizer.Numbers(NetworkNodes.Append(Parts.Encoder, image));
}
