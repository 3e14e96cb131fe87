using GpuVae.Latent;
using GpuVae.Models;
using GpuVae.Onnx.Graphs;
using GpuVae.Onnx.Latent;
using GpuVae.Onnx.Layers;
using GpuVae.Onnx.Likelihoods;
using static GpuVae.Onnx.Graphs.Functions;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx;

/// <summary>The graphs of a model with latent units.</summary>
internal sealed class LatentGraphs : ModelGraphs
{
    private readonly PosteriorNodes posterior;
    private readonly PriorNodes prior;
    private readonly CodeSampler? sampler;

    /// <exception cref="BadInputException">A part of the model cannot be exported.</exception>
    public LatentGraphs(Vae model, OnnxPrecision precision)
        : base(model, precision)
    {
        posterior = PosteriorNodes.Create(Options, Parts);
        prior = PriorNodes.Create(model, posterior);
        sampler = model.Sampler;
    }

    /// <summary>image[, label] → mean, log_variance and what else describes q(z|x).</summary>
    public override Graph Encoder()
    {
        Graph graph = New("encoder");
        Value encoded = Encode(Image(graph), Label(graph));
        graph.Output("mean", "code that stands for the image", posterior.Center(encoded));
        foreach ((string name, string meaning, Value value) in posterior.More(encoded))
            graph.Output(name, meaning, value);
        return graph;
    }

    /// <summary>code[, label] → image and the parameters of p(x|z).</summary>
    public override Graph Decoder()
    {
        Graph graph = New("decoder");
        Value code = graph.Input("code", "z", DataType.Float, Options.Latent);
        return Decoded(graph, Decode(code, Label(graph)));
    }

    /// <summary>image[, label], noise → reconstruction, code and the two terms of the negative bound.</summary>
    public override Graph Whole()
    {
        Graph graph = New("vae");
        Value image = Image(graph);
        Value? noise = posterior.HasNoise ? Noise(graph) : null, label = Label(graph);
        Value encoded = Encode(image, label);
        (Value code, Value? density) = noise is null ? (posterior.Center(encoded), null) : posterior.Sample(encoded, noise);
        IReadOnlyList<Parameter> described = Decode(code, label);
        graph.Output("reconstruction", "mean of p(x|z)", Likelihood.Mean(described));
        graph.Output("code", noise is null ? "z of the image" : "z, drawn from q(z|x) by the noise", code);
        graph.Output("reconstruction_loss", "-ln p(x|z), nats", Sum(Likelihood.Loss(described, image)));
        graph.Output(
            "kl", noise is null ? "half the squared norm of the code" : "divergence of q(z|x) from p(z), nats",
            density is null || Options.HasAnalyticKl ? posterior.Kl(encoded, noise!) : density - prior.LogDensity(code));
        return graph;
    }

    /// <summary>noise[, uniform] → code.</summary>
    public override Graph Prior()
    {
        Graph graph = New("prior");
        graph.Output("code", "z, drawn from p(z)", prior.Sample(Noise(graph)));
        return graph;
    }

    /// <summary>noise[, uniform][, label] → code of a new image.</summary>
    public override Graph? Sampler()
    {
        if (sampler is not (MixtureCodeSampler or FlowCodeSampler))
            return null;
        Graph graph = New("sampler");
        Value noise = Noise(graph);
        graph.Output(
            "code", $"z, drawn from what was fitted to the codes of images, a {sampler}",
            sampler is MixtureCodeSampler mixture
                ? MixtureSamplerNodes.Sample(mixture, Options.Classes, noise, Label(graph))
                : FlowSamplerNodes.Sample((FlowCodeSampler)sampler, noise));
        return graph;
    }

    private Value? Label(Graph graph) =>
        Options.Classes == 0 ? null : graph.Input("label", $"class numbers, 0 to {Options.Classes - 1}", DataType.Int64);

    private Value Noise(Graph graph) => graph.Input("noise", "standard normal numbers", DataType.Float, Options.Latent);

    private Value Encode(Value image, Value? label) => NetworkNodes.Append(Parts.Encoder, image, label);
}
