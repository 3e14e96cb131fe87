using GpuVae.Elbo;
using GpuVae.Formats;
using GpuVae.Latent;
using GpuVae.Models;
using GpuVae.Onnx.Graphs;
using GpuVae.Onnx.Latent;
using GpuVae.Onnx.Layers;
using GpuVae.Onnx.Likelihoods;
using static GpuVae.Onnx.Graphs.Functions;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx;

/// <summary>The parts of a model as graphs, each with inputs, outputs and weights of its own.</summary>
internal sealed class ModelGraphs
{
    private readonly VaeOptions options;
    private readonly VaeParts parts;
    private readonly WeightFormat format;
    private readonly IReadOnlyDictionary<string, NamedTensor> weights;
    private readonly PosteriorNodes posterior;
    private readonly PriorNodes prior;
    private readonly PixelLikelihood likelihood;
    private readonly MixtureCodeSampler? sampler;

    /// <exception cref="BadInputException">A part of the model cannot be exported.</exception>
    public ModelGraphs(Vae model, OnnxPrecision precision)
    {
        if (model.Options.Own is { } own)
            throw new BadInputException($"A model with parts of its own ({own}) cannot be exported to ONNX. Train one without them.");
        if (model.Options.Quantization != Quantization.None)
            throw new BadInputException(
                "A model with discrete codes cannot be exported to ONNX. Train one with VaeOptions.Quantization = None.");
        (options, parts, format) = (model.Options, model.Parts, FormatOf(precision));
        weights = model.ReadWeights().ToDictionary(tensor => tensor.Name);
        posterior = PosteriorNodes.Create(options);
        prior = PriorNodes.Create(model, posterior);
        likelihood = PixelLikelihood.Create(options);
        sampler = model.Sampler as MixtureCodeSampler;
    }

    /// <summary>Whether there is a mixture that new codes are drawn from.</summary>
    public bool HasSampler => sampler is not null;

    /// <summary>image[, label] → mean, log_variance and what else describes q(z|x).</summary>
    public Graph Encoder()
    {
        Graph graph = New("encoder");
        Value encoded = Encode(Image(graph), Label(graph));
        graph.Output("mean", "code that stands for the image", posterior.Center(encoded));
        graph.Output("log_variance", "of each unit of q(z|x)", posterior.RawLogVariance(encoded));
        foreach ((string name, string meaning, Value value) in posterior.More(encoded))
            graph.Output(name, meaning, value);
        return graph;
    }

    /// <summary>code[, label] → image and the parameters of p(x|z).</summary>
    public Graph Decoder()
    {
        Graph graph = New("decoder");
        Value code = graph.Input("code", "z", DataType.Float, options.Latent);
        IReadOnlyList<Parameter> described = Decode(code, Label(graph));
        graph.Output("image", "mean of p(x|z)", likelihood.Mean(described));
        foreach ((string name, string meaning, Value value) in described)
            graph.Output(name, meaning, value);
        return graph;
    }

    /// <summary>image[, label], noise → reconstruction, code and the two terms of the negative bound.</summary>
    public Graph Whole()
    {
        Graph graph = New("vae");
        Value image = Image(graph), noise = Noise(graph);
        Value? label = Label(graph);
        Value encoded = Encode(image, label);
        (Value code, Value density) = posterior.Sample(encoded, noise);
        IReadOnlyList<Parameter> described = Decode(code, label);
        graph.Output("reconstruction", "mean of p(x|z)", likelihood.Mean(described));
        graph.Output("code", "z, drawn from q(z|x) by the noise", code);
        graph.Output("reconstruction_loss", "-ln p(x|z), nats", Sum(likelihood.Loss(described, image)));
        graph.Output(
            "kl", "divergence of q(z|x) from p(z), nats",
            options.HasAnalyticKl ? AnalyticKl(encoded) : density - prior.LogDensity(code));
        return graph;
    }

    /// <summary>noise[, uniform] → code.</summary>
    public Graph Prior()
    {
        Graph graph = New("prior");
        graph.Output("code", "z, drawn from p(z)", prior.Sample(Noise(graph)));
        return graph;
    }

    /// <summary>noise, uniform[, label] → code of a new image.</summary>
    public Graph Sampler()
    {
        Graph graph = New("sampler");
        graph.Output(
            "code", "z, drawn from the mixture that was fitted to the codes of images",
            SamplerNodes.Sample(sampler!, options.Classes, Noise(graph), Label(graph)));
        return graph;
    }

    private Graph New(string name) => new(name, weights, format);

    private static WeightFormat FormatOf(OnnxPrecision precision) => precision switch
    {
        OnnxPrecision.Single => new SingleWeights(),
        OnnxPrecision.Half => new HalfWeights(),
        OnnxPrecision.Int8 => new Int8Weights(),
        _ => throw new BadInputException(
            $"There is no precision {precision}; choose one of {string.Join(", ", Enum.GetNames<OnnxPrecision>())}."),
    };

    private Value Image(Graph graph) => graph.Input(
        "image", "values in [0, 1]", DataType.Float, options.Shape.Channels, options.Shape.Height, options.Shape.Width);

    private Value? Label(Graph graph) =>
        options.Classes == 0 ? null : graph.Input("label", $"class numbers, 0 to {options.Classes - 1}", DataType.Int64);

    private Value Noise(Graph graph) => graph.Input("noise", "standard normal numbers", DataType.Float, options.Latent);

    private Value Encode(Value image, Value? label) => NetworkNodes.Append(parts.Encoder, image, label);

    private IReadOnlyList<Parameter> Decode(Value code, Value? label)
    {
        (int width, int height, int channels) = options.Shape;
        Value decoded = NetworkNodes.Append(parts.Decoder, code, label);
        return likelihood.Parameters(Reshape(decoded, options.PixelParameters * channels, height, width));
    }

    private Value AnalyticKl(Value encoded)
    {
        Value mean = posterior.Center(encoded), s = posterior.LogVariance(encoded);
        return 0.5f * Sum(mean * mean + Exp(s) - 1f - s);
    }
}
