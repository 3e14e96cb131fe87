using GpuVae.Data;
using GpuVae.Elbo;
using GpuVae.Formats;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Kernels.Random;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Onnx;
using GpuVae.Options;

namespace GpuVae.Tests.Onnx;

/// <summary>Every family, exported and run by ONNX Runtime, gives the library's own numbers, whatever the size of the batch.</summary>
public sealed class OnnxFamilyTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private const double OnImages = 1e-5, OnParameters = 1e-4;
    private const int Count = 7;

    private static readonly VaeOptions Dense = new() { Shape = new(4, 3), Hidden = [6], Latent = 3, PriorComponents = 5 };

    private static readonly VaeOptions Convolutional =
        Dense with { Shape = new(7, 6, 3), Network = NetworkKind.Convolutional, ChannelsPerStage = [4, 6] };

    private static readonly Dictionary<string, VaeOptions> OptionsOf = new()
    {
        ["bernoulli"] = Dense,
        ["continuous Bernoulli, leaky ReLU"] =
            Dense with { Likelihood = Likelihood.ContinuousBernoulli, Activation = ActivationKind.LeakyRelu },
        ["Gaussian, SiLU"] = Dense with { Likelihood = Likelihood.Gaussian, Activation = ActivationKind.Silu },
        ["Gaussian learned, GELU, RGB"] =
            Dense with { Shape = new(4, 3, 3), Likelihood = Likelihood.GaussianLearned, Activation = ActivationKind.Gelu },
        ["Gaussian shared, tanh"] = Dense with { Likelihood = Likelihood.GaussianShared, Activation = ActivationKind.Tanh },
        ["Laplace, sigmoid"] = Dense with { Likelihood = Likelihood.Laplace, Activation = ActivationKind.Sigmoid },
        ["discretized logistic, softplus"] =
            Dense with { Likelihood = Likelihood.DiscretizedLogistic, Activation = ActivationKind.Softplus },
        ["logistic mixture, RGB"] = Dense with { Shape = new(4, 3, 3), Likelihood = Likelihood.LogisticMixture },
        ["without hidden layers"] = Dense with { Hidden = [], Latent = 1 },
        ["enlarging"] = Dense with { Shape = new(4, 6, 3), Upscale = 2 },
        ["convolutional"] = Convolutional,
        ["convolutional, grey, even"] = Convolutional with { Shape = new(8, 8), Likelihood = Likelihood.ContinuousBernoulli },
        ["convolutional, residual, normalised"] =
            Convolutional with { ResidualBlocks = 2, GroupNorm = true, Likelihood = Likelihood.Laplace },
        ["convolutional, residual, nearest, one channel at the end"] = Convolutional with
        {
            ChannelsPerStage = [4, 1],
            ResidualBlocks = 1,
            Upsampling = UpsamplingKind.Nearest,
            Likelihood = Likelihood.GaussianLearned,
        },
        ["convolutional, bilinear"] = Convolutional with { Upsampling = UpsamplingKind.Bilinear },
        ["convolutional, conditional, logistic mixture"] =
            Convolutional with { Classes = 3, Likelihood = Likelihood.LogisticMixture, Activation = ActivationKind.Silu },
        ["convolutional, enlarging, discretized logistic"] =
            Convolutional with { Shape = new(8, 4, 3), Upscale = 4, Likelihood = Likelihood.DiscretizedLogistic },
        ["centred"] = Dense with { Centered = true },
        ["convolutional, centred, enlarging"] = Convolutional with { Shape = new(8, 4, 3), Upscale = 4, Centered = true },
        ["conditional"] = Dense with { Classes = 3 },
        ["full"] = Dense with { Posterior = Posterior.Full },
        ["full, one unit"] = Dense with { Posterior = Posterior.Full, Latent = 1 },
        ["flow"] = Dense with { Posterior = Posterior.Flow },
        ["mixture"] = Dense with { Prior = Prior.Mixture },
        ["full, mixture"] = Dense with { Posterior = Posterior.Full, Prior = Prior.Mixture },
        ["flow, mixture, conditional"] = Dense with { Posterior = Posterior.Flow, Prior = Prior.Mixture, Classes = 2 },
        ["vamp, conditional"] = Dense with { Prior = Prior.Vamp, Classes = 2 },
        ["full, vamp, importance-weighted"] =
            Dense with { Posterior = Posterior.Full, Prior = Prior.Vamp, Objective = Objective.Iwae, Samples = 3 },
        ["convolutional, vamp"] = Convolutional with { Prior = Prior.Vamp },
        ["of the seed article's size"] = new(),
        ["faces of 64×64"] = new()
        {
            Network = NetworkKind.Convolutional,
            Shape = new(64, 64, 3),
            ResidualBlocks = 1,
            GroupNorm = true,
            Activation = ActivationKind.Silu,
            Latent = 64,
            Likelihood = Likelihood.GaussianShared,
        },
        ["total correlation"] = Dense with { Objective = Objective.Tc, Beta = 3 },
        ["regularised autoencoder, conditional"] = Dense with { Objective = Objective.Rae, Classes = 2 },
        ["hierarchy, GELU"] = Dense with { Hierarchy = 3, Latent = 6, Activation = ActivationKind.Gelu },
        ["convolutional, hierarchy"] = Convolutional with { Hierarchy = 2, Latent = 6 },
        ["convolutional, hierarchy of maps"] =
            Convolutional with { Hierarchy = 4, LevelChannels = 2, GroupNorm = true, ResidualBlocks = 1 },
    };

    public static TheoryData<string> Families => [.. OptionsOf.Keys];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Families))]
    public void TheFilesGiveTheLibrarysNumbers(string family)
    {
        VaeOptions options = OptionsOf[family];
        using Vae model = Unusual(options);
        Assert.Equal(
            ["encoder.onnx", "decoder.onnx", "vae.onnx", "prior.onnx"],
            model.ExportOnnx(folder.FullPath).Select(file => Path.GetFileName(file.Path)));
        ImageSet images = TestImages.Random(Count, options.Shape);
        int[] labels = options.Classes == 0 ? [] : [.. Enumerable.Range(0, Count).Select(i => i % options.Classes)];
        if (options.Classes > 0)
            images = new ImageSet("labelled", images.Width, images.Height, images.Channels, images.Pixels.ToArray(), labels);
        Encodes(model, images, labels);
        Decodes(model, labels);
        Evaluates(model, images, labels);
        DrawsCodes(model);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void TheSamplerGivesTheCodesOfNewImages(int classes)
    {
        const int latent = 3, components = 6;
        const ulong seed = 9;
        using Vae model = Unusual(Dense with { Classes = classes });
        var random = new Random(5);
        float[] factors = new float[components * latent * latent];
        for (int i = 0; i < factors.Length; i++)
            factors[i] = i % latent < i / latent % latent ? random.NextSingle() - 0.5f : i % latent == i / latent % latent ? 0.7f : 0;
        // Label 1 has none of its own and takes those of nobody.
        int[] labels = classes == 0 ? [-1, -1, -1, -1, -1, -1] : [0, 2, 0, -1, 2, -1];
        model.Sampler = new MixtureCodeSampler(
            latent, [1, 2, 3, 4, 5, 6], [.. Enumerable.Range(0, components * latent).Select(i => 4f * i)], factors, labels);
        Assert.Contains("sampler.onnx", model.ExportOnnx(folder.FullPath).Select(file => Path.GetFileName(file.Path)));
        float[] codes = model.SampleCodes(Count, seed);
        float[] noise = Noise(Count, latent, (row, unit) => Philox.NormalAt(seed, RandomPurpose.Sampler, 1, row, unit));
        float[] uniform = Noise(Count, 1, (row, _) => Philox.ToUniform(Philox.Generate(seed, RandomPurpose.Sampler, 0, row, 0).W0));
        int[] asked = classes == 0 ? [] : [.. Enumerable.Range(0, Count).Select(i => i % classes)];
        InBatches("sampler", (session, first, batch) => Close(
            Rows(codes, first, batch),
            session.Run(
                batch, ("noise", Rows(noise, first, batch)), ("uniform", Rows(uniform, first, batch)),
                ("label", Rows(asked, first, batch)))["code"], OnImages));
        // Components are at 12 c: their numbers are read off the codes.
        if (classes > 0)
            Assert.All(
                codes.Chunk(latent).Zip(asked),
                of => Assert.Equal(of.Second == 1 ? -1 : of.Second, labels[(int)((of.First[0] + 6) / 12)]));
    }

    [Fact]
    public void AFlowGivesTheCodesOfNewImages()
    {
        const int latent = 5;
        const ulong seed = 9;
        using Vae model = Unusual(Dense with { Latent = latent });
        var random = new Random(5);
        model.Sampler = new FlowCodeSampler(
            latent, Some(latent, 1), [0.5f, 1, 2, 1.5f, 0.1f],
            [.. FlowCodeSampler.StepsOf(latent).SelectMany(step => step.ParameterShapes).Select(shape => new NamedTensor(
                shape.Name, shape.Shape, Some(shape.Shape.Aggregate(1, (product, extent) => product * extent), 0.3f)))]);
        model.ExportOnnx(folder.FullPath, parts: OnnxParts.Sampler);
        float[] codes = model.SampleCodes(Count, seed);
        float[] noise = Noise(Count, latent, (row, unit) => Philox.NormalAt(seed, RandomPurpose.Sampler, 1, row, unit));
        InBatches("sampler", (session, first, batch) => Close(
            Rows(codes, first, batch), session.Run(batch, ("noise", Rows(noise, first, batch)))["code"],
            // Twenty units follow from each other; the library draws them in double precision.
            10 * OnParameters));

        float[] Some(int count, float width) => [.. Enumerable.Range(0, count).Select(_ => width * (random.NextSingle() - 0.5f))];
    }

    [Theory]
    [InlineData("Gaussian learned, GELU, RGB")]
    [InlineData("Laplace, sigmoid")]
    [InlineData("discretized logistic, softplus")]
    [InlineData("logistic mixture, RGB")]
    [InlineData("mixture")]
    [InlineData("full, vamp, importance-weighted")]
    [InlineData("flow")]
    public void WhatTheKernelsClampIsClamped(string family)
    {
        VaeOptions options = OptionsOf[family];
        using Vae model = Unusual(options);
        Exaggerate($"{model.Parts.Encoder.Layers[^1].Name}.bias", options.Latent, 2 * options.Latent);
        int outputs = model.Parts.Decoder.Outputs;
        if (options.PixelParameters > 1)
            Exaggerate($"{model.Parts.Decoder.Layers[^1].Name}.bias", outputs - outputs / Math.Min(3, options.PixelParameters), outputs);
        Exaggerate("likelihood.log_scale", 0, 1);
        Exaggerate("prior.log_variances", 0, options.Latent * options.PriorComponents);
        model.ExportOnnx(folder.FullPath);
        Decodes(model, []);
        Evaluates(model, TestImages.Random(Count, options.Shape), []);
        DrawsCodes(model);

        // Every second far below the range; of the decoder every other one of them far above.
        void Exaggerate(string name, int first, int end)
        {
            if (model.Parameters.Parameters.FirstOrDefault(parameter => parameter.Name == name) is not { } parameter)
                return;
            float[] values = model.Parameters.Read(parameter);
            for (int i = first; i < end; i += 2)
                values[i] = (i - first) % 4 == 2 && name.StartsWith("decoder", StringComparison.Ordinal) ? 40 : -40;
            model.Parameters.Write(parameter, values);
        }
    }

    private void Encodes(Vae model, ImageSet images, int[] labels)
    {
        float[] means = new float[Count * model.Options.Latent], logVariances = new float[means.Length];
        model.Encode(Values(images), means, logVariances, labels);
        InBatches("encoder", (session, first, batch) =>
        {
            Dictionary<string, float[]> given =
                session.Run(batch, ("image", Rows(Values(images), first, batch)), ("label", Rows(labels, first, batch)));
            Close(Rows(means, first, batch), given["mean"], OnParameters);
            if (model.Options.Objective != Objective.Rae)
                Close(Rows(logVariances, first, batch), given["log_variance"], OnParameters);
        });
    }

    private void Decodes(Vae model, int[] labels)
    {
        VaeOptions options = model.Options;
        float[] codes = model.SamplePrior(Count, seed: 5), images = new float[Count * options.Shape.Pixels];
        model.Decode(codes, images, labels);
        int outputs = model.Parts.Decoder.Outputs, pixels = options.Shape.Pixels;
        float[] decoded = new float[Count * outputs], planar = new float[decoded.Length];
        using (var passes = new InferencePasses(model, model.Labels))
            passes.Run(Direction.Describe, codes, decoded, labels, default);
        PixelLayout layout = model.Parts.Likelihood.Layout;
        for (int i = 0; i < planar.Length; i++)
        {
            int parameter = i % outputs / pixels, pixel = i % pixels;
            // A mixture has all its logits first, then all locations, then all scales, as the planar order has.
            planar[i] = decoded[i / outputs * outputs + layout.FirstColumnOf(pixel) + parameter * layout.ParameterStride];
        }
        InBatches("decoder", (session, first, batch) =>
        {
            Dictionary<string, float[]> given =
                session.Run(batch, ("code", Rows(codes, first, batch)), ("label", Rows(labels, first, batch)));
            Close(Rows(images, first, batch), given["image"], OnImages);
            // One number is that of all pixels.
            float[][] parameters =
                [.. given.Where(output => output.Key != "image" && output.Value.Length > 1).Select(output => output.Value)];
            float[] described =
                [.. Enumerable.Range(0, batch).SelectMany(row => parameters.SelectMany(values => Rows(values, row, 1, batch)))];
            Close(Rows(planar, first, batch), described, OnParameters);
        });
    }

    private void Evaluates(Vae model, ImageSet images, int[] labels)
    {
        int latent = model.Options.Latent;
        ElboParts expected = model.Evaluate(images, seed: 8);
        float[] noise = Noise(Count, latent, (row, unit) => Philox.NormalAt(8, RandomPurpose.Evaluation, 0, row, unit));
        float[] values = Values(images), reconstructions = new float[values.Length], centers = new float[values.Length];
        model.Reconstruct(values, centers, labels);
        double reconstruction = 0, kl = 0;
        InBatches("vae", (session, first, batch) =>
        {
            (string, Array)[] inputs = [("image", Rows(values, first, batch)), ("label", Rows(labels, first, batch))];
            Close(
                Rows(centers, first, batch), session.Run(batch, [.. inputs, ("noise", new float[batch * latent])])["reconstruction"],
                OnImages);
            Dictionary<string, float[]> given = session.Run(batch, [.. inputs, ("noise", Rows(noise, first, batch))]);
            model.Decode(given["code"], reconstructions.AsSpan(0, given["reconstruction"].Length), Rows(labels, first, batch));
            Close(reconstructions[..given["reconstruction"].Length], given["reconstruction"], OnImages);
            (reconstruction, kl) = (given["reconstruction_loss"].Average(), given["kl"].Average());
        });
        Assert.Equal(expected.Reconstruction, reconstruction, 1e-5 * (1 + Math.Abs(expected.Reconstruction)));
        Assert.Equal(expected.Kl, kl, 1e-5 * (1 + Math.Abs(expected.Kl)));
    }

    private void DrawsCodes(Vae model)
    {
        const ulong seed = 9;
        int latent = model.Options.Latent;
        float[] codes = model.SamplePrior(Count, seed);
        float[] noise = Noise(Count, latent, (row, unit) => Philox.NormalAt(seed, RandomPurpose.Prior, 0, 0, row * latent + unit));
        float[] uniform =
            Noise(Count, 1, (row, _) => Philox.ToUniform(Philox.Generate(seed, RandomPurpose.PriorComponent, 2, row, 0).W0));
        InBatches("prior", (session, first, batch) => Close(
            Rows(codes, first, batch),
            session.Run(batch, ("noise", Rows(noise, first, batch)), ("uniform", Rows(uniform, first, batch)))["code"], OnImages));
    }

    /// <summary>Runs a file on one row, then on all of them.</summary>
    private void InBatches(string part, Action<OnnxSession, int, int> run)
    {
        using var session = new OnnxSession(folder[$"{part}.onnx"]);
        run(session, 3, 1);
        run(session, 0, Count);
    }

    /// <summary>A model none of whose parameters has the value that it starts with, but for weights that are many.</summary>
    private Vae Unusual(VaeOptions options)
    {
        var model = new Vae(cpu.Device, options, seed: 4);
        var random = new Random(2);
        foreach (Parameter parameter in model.Parameters.Parameters.Where(parameter => parameter.Length < 10_000))
        {
            // Zeros of a flow are masked.
            bool isMasked = parameter.Name.StartsWith("flow.", StringComparison.Ordinal);
            model.Parameters.Write(
                parameter,
                [.. model.Parameters.Read(parameter).Select(value =>
                    isMasked && value == 0 ? 0 : value + 0.3f * (random.NextSingle() - 0.5f))]);
        }
        return model;
    }

    private static float[] Values(ImageSet images) => [.. images.Pixels.ToArray().Select(pixel => pixel / 255f)];

    private static float[] Noise(int rows, int columns, Func<int, int, float> at) =>
        [.. Enumerable.Range(0, rows * columns).Select(i => at(i / columns, i % columns))];

    /// <summary>Rows of values that has as many as there are images.</summary>
    private static T[] Rows<T>(T[] values, int first, int count, int all = Count)
    {
        int columns = values.Length / all;
        return values[(first * columns)..((first + count) * columns)];
    }

    private static void Close(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
