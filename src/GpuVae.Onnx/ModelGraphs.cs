using GpuVae.Elbo;
using GpuVae.Formats;
using GpuVae.Models;
using GpuVae.Onnx.Graphs;
using GpuVae.Onnx.Layers;
using GpuVae.Onnx.Likelihoods;
using static GpuVae.Onnx.Graphs.Functions;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx;

/// <summary>The parts of a model as graphs, each with inputs, outputs and weights of its own.</summary>
internal abstract class ModelGraphs
{
    private readonly WeightFormat format;
    private readonly IReadOnlyDictionary<string, NamedTensor> weights;

    protected ModelGraphs(Vae model, OnnxPrecision precision)
    {
        (Options, Parts, format) = (model.Options, model.Parts, FormatOf(precision));
        weights = model.ReadWeights().ToDictionary(tensor => tensor.Name);
        Likelihood = PixelLikelihood.Create(Options);
    }

    protected VaeOptions Options { get; }

    protected VaeParts Parts { get; }

    protected PixelLikelihood Likelihood { get; }

    /// <exception cref="BadInputException">A part of the model cannot be exported.</exception>
    public static ModelGraphs Create(Vae model, OnnxPrecision precision)
    {
        if (model.Options.Own is { } own)
            throw new BadInputException($"A model with parts of its own ({own}) cannot be exported to ONNX. Train one without them.");
        return model.Options.Quantization == Quantization.None
            ? new LatentGraphs(model, precision)
            : new CodeGraphs(model, precision);
    }

    /// <summary>image[, label] → what stands for it.</summary>
    public abstract Graph Encoder();

    /// <summary>What stands for an image[, label] → image and the parameters of p(x|z).</summary>
    public abstract Graph Decoder();

    /// <summary>image → reconstruction, what stands for it and what that costs.</summary>
    public abstract Graph Whole();

    /// <summary>noise → code; null where codes have no density of their own.</summary>
    public abstract Graph? Prior();

    /// <summary>noise[, uniform][, label] → code of a new image; null where nothing was fitted to codes that a file can hold.</summary>
    public abstract Graph? Sampler();

    protected Graph New(string name) => new(name, weights, format);

    protected Value Image(Graph graph) => graph.Input(
        "image", "values in [0, 1]", DataType.Float, Options.Shape.Channels, Options.Shape.Height, Options.Shape.Width);

    protected IReadOnlyList<Parameter> Decode(Value code, Value? label)
    {
        (int width, int height, int channels) = Options.Shape;
        Value decoded = NetworkNodes.Append(Parts.Decoder, code, label);
        return Likelihood.Parameters(Reshape(decoded, Options.PixelParameters * channels, height, width));
    }

    /// <summary>The outputs of <see cref="Decoder"/>.</summary>
    protected Graph Decoded(Graph graph, IReadOnlyList<Parameter> described)
    {
        graph.Output("image", "mean of p(x|z)", Likelihood.Mean(described));
        foreach ((string name, string meaning, Value value) in described)
            graph.Output(name, meaning, value);
        return graph;
    }

    private static WeightFormat FormatOf(OnnxPrecision precision) => precision switch
    {
        OnnxPrecision.Single => new SingleWeights(),
        OnnxPrecision.Half => new HalfWeights(),
        OnnxPrecision.Int8 => new Int8Weights(),
        _ => throw new BadInputException(
            $"There is no precision {precision}; choose one of {string.Join(", ", Enum.GetNames<OnnxPrecision>())}."),
    };
}
