using GpuVae.Options;
using Parameters = System.Collections.Generic.IReadOnlyDictionary<string, double[]>;

namespace GpuVae.Tests.Models;

/// <summary>
/// The loss of a hierarchy in double precision, image by image, with tanh networks and a Bernoulli likelihood. Maps are planar, their
/// convolutions those of odd images: 3 taps, two pixels on.
/// </summary>
/// <param name="options">The model's; images of one channel.</param>
/// <param name="x">[batch, pixels] in [0, 1].</param>
/// <param name="labels">[batch], or empty.</param>
/// <param name="noise">[batch, latent].</param>
internal sealed class ReferenceHierarchy(VaeOptions options, double[] x, int[] labels, double[] noise)
{
    private readonly int pixels = options.Shape.Pixels, stages = options.ChannelsPerStage.Count;

    private int Batch => x.Length / pixels;

    /// <summary>The terms, averaged over the batch; the KL term level by level.</summary>
    public (double Reconstruction, double[] Kl) Terms(Parameters at)
    {
        double reconstruction = 0;
        double[] kl = new double[options.Hierarchy];
        for (int image = 0; image < Batch; image++)
        {
            double[][] contexts = Contexts(at, x.AsSpan(image * pixels, pixels).ToArray(), image);
            double[] state = [];
            int first = image * options.Latent;
            for (int level = 0; level < options.Hierarchy; level++)
            {
                LevelShape shape = options.LevelOf(level);
                double[] hidden = contexts[level];
                if (level > 0)
                    hidden = Sum(hidden, Apply(at, $"posterior.{level}.0", shape, state, 3));
                double[] moments = Apply(at, $"posterior.{level}.2", shape, [.. hidden.Select(value => Math.Max(value, 0))], 3);
                double[] z = new double[shape.Units];
                for (int l = 0; l < z.Length; l++)
                {
                    (double mu, double s) = (moments[l], moments[z.Length + l]);
                    z[l] = mu + Math.Exp(s / 2) * noise[first + l];
                    kl[level] += 0.5 * (mu * mu + Math.Exp(s) - 1 - s) / Batch;
                }
                first += z.Length;
                double[] sum = Apply(at, $"hierarchy.{level}.units", shape, z, 1);
                if (level > 0)
                    sum = Sum(state, sum);
                state = Sum(sum, Apply(at, $"hierarchy.{level}.2", shape, Tanh(Apply(at, $"hierarchy.{level}.0", shape, sum, 3)), 3));
                if (options.HasLevelMaps && level + 1 < options.Hierarchy)
                    state = Down(at, state, image, shape.Stage, options.LevelOf(level + 1).Stage);
            }
            double[] logits = options.HasLevelMaps
                ? Down(at, state, image, options.LevelOf(options.Hierarchy - 1).Stage, -1)
                : Network(at, "decoder", Labelled(state, image));
            for (int p = 0; p < pixels; p++)
                reconstruction += (Math.Log(1 + Math.Exp(logits[p])) - x[image * pixels + p] * logits[p]) / Batch;
        }
        return (reconstruction, kl);
    }

    /// <summary>What a step's gradient is the gradient of.</summary>
    public double Objective(Parameters at)
    {
        (double reconstruction, double[] kl) = Terms(at);
        return reconstruction + options.Beta * kl.Sum(level => Math.Max(level, options.FreeBits));
    }

    private double[][] Contexts(Parameters at, double[] pixelsOfImage, int image)
    {
        if (!options.HasLevelMaps)
        {
            double[] all = Network(at, "encoder", Labelled(pixelsOfImage, image));
            return [.. all.Chunk(options.StateWidth)];
        }
        double[][] features = new double[stages][];
        double[] next = pixelsOfImage;
        for (int stage = 0; stage < stages; stage++)
        {
            (int width, int height, int channels) = Map(stage - 1);
            next = features[stage] = Tanh(Convolution(at, $"encoder.{2 * stage}", next, width, height, channels, 3, 2));
        }
        string first = $"encoder.{2 * stages + 1}", second = $"encoder.{2 * stages + 3}";
        double[][] contexts = new double[options.Hierarchy][];
        contexts[0] = Linear(at, second, Tanh(Linear(at, first, Labelled(next, image))));
        for (int level = 1; level < contexts.Length; level++)
            contexts[level] = Apply(at, $"encoder.context.{level}", options.LevelOf(level), features[options.LevelOf(level).Stage], 1);
        return contexts;
    }

    /// <summary>From the end of a stage, or from the vector, to that of another, or to the image, -1.</summary>
    private double[] Down(Parameters at, double[] state, int image, int from, int to)
    {
        for (int stage = from; stage > to; stage--)
        {
            if (stage == stages)
            {
                state = Tanh(Linear(at, "decoder.2", Tanh(Linear(at, "decoder.0", Labelled(state, image)))));
                continue;
            }
            state = Transposed(at, $"decoder.{5 + 2 * (stages - 1 - stage)}", state, stage);
            if (stage > 0)
                state = Tanh(state);
        }
        return state;
    }

    /// <summary>At the end of a stage; the image at -1.</summary>
    private (int Width, int Height, int Channels) Map(int stage)
    {
        (int width, int height) = (options.Shape.Width, options.Shape.Height);
        for (int i = 0; i <= stage; i++)
            (width, height) = ((width + 1) / 2, (height + 1) / 2);
        return (width, height, stage < 0 ? 1 : options.ChannelsPerStage[stage]);
    }

    private static double[] Apply(Parameters at, string name, LevelShape shape, double[] input, int kernel) => shape.IsVector
        ? Linear(at, name, input)
        : Convolution(at, name, input, shape.Width, shape.Height, input.Length / shape.Places, kernel, 1);

    private static double[] Convolution(
        Parameters at, string name, double[] input, int width, int height, int channels, int kernel, int stride)
    {
        double[] weight = at[$"{name}.weight"], bias = at[$"{name}.bias"];
        int ofWidth = (width - 1) / stride + 1, area = ofWidth * ((height - 1) / stride + 1);
        double[] output = new double[bias.Length * area];
        for (int o = 0; o < bias.Length; o++)
            Array.Fill(output, bias[o], o * area, area);
        foreach ((int o, int c, int small, int large, int w) in Taps(width, height, channels, bias.Length, kernel, stride))
            output[o * area + small] += weight[w] * input[c * width * height + large];
        return output;
    }

    /// <summary>What leads from the end of a stage back to that before it.</summary>
    private double[] Transposed(Parameters at, string name, double[] input, int stage)
    {
        (int width, int height, int channels) = Map(stage - 1);
        double[] weight = at[$"{name}.weight"], bias = at[$"{name}.bias"], output = new double[channels * width * height];
        int outputs = options.ChannelsPerStage[stage], area = input.Length / outputs;
        for (int c = 0; c < channels; c++)
            Array.Fill(output, bias[c], c * width * height, width * height);
        foreach ((int o, int c, int small, int large, int w) in Taps(width, height, channels, outputs, 3, 2))
            output[c * width * height + large] += weight[w] * input[o * area + small];
        return output;
    }

    /// <summary>Pairs of pixels that a weight of a convolution joins.</summary>
    private static IEnumerable<(int Output, int Input, int Small, int Large, int Weight)> Taps(
        int width, int height, int inputs, int outputs, int kernel, int stride)
    {
        int ofWidth = (width - 1) / stride + 1, ofHeight = (height - 1) / stride + 1;
        for (int weight = 0; weight < outputs * inputs * kernel * kernel; weight++)
        {
            int column = weight % kernel, row = weight / kernel % kernel, c = weight / (kernel * kernel) % inputs;
            for (int small = 0; small < ofWidth * ofHeight; small++)
            {
                int px = small % ofWidth * stride + column - kernel / 2, py = small / ofWidth * stride + row - kernel / 2;
                if (px >= 0 && px < width && py >= 0 && py < height)
                    yield return (weight / (inputs * kernel * kernel), c, small, py * width + px, weight);
            }
        }
    }

    private double[] Labelled(double[] input, int image) => options.Classes == 0
        ? input
        : [.. input, .. Enumerable.Range(0, options.Classes).Select(label => label == labels[image] ? 1.0 : 0.0)];

    private double[] Network(Parameters at, string name, double[] input)
    {
        for (int layer = 0; layer <= options.Hidden.Count; layer++)
        {
            input = Linear(at, $"{name}.{2 * layer}", input);
            if (layer < options.Hidden.Count)
                input = Tanh(input);
        }
        return input;
    }

    private static double[] Linear(Parameters at, string name, double[] input)
    {
        (double[] weight, double[] bias) = (at[$"{name}.weight"], at[$"{name}.bias"]);
        double[] output = new double[bias.Length];
        for (int o = 0; o < output.Length; o++)
        {
            output[o] = bias[o];
            for (int i = 0; i < input.Length; i++)
                output[o] += weight[o * input.Length + i] * input[i];
        }
        return output;
    }

    private static double[] Tanh(double[] input) => [.. input.Select(Math.Tanh)];

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (left, right) => left + right)];
}
