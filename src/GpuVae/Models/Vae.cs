using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Formats;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Kernels.Random;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Options;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Models;

/// <summary>
/// A variational autoencoder (Kingma and Welling, "Auto-Encoding Variational Bayes", 2014) with its weights on a device. Images are rows of <see cref="ImageShape.Pixels"/> values in [0, 1], codes rows of <see cref="VaeOptions.Latent"/> values. The
/// overloads on views enqueue on the device's stream and return; those on spans wait. One thread at a time.
/// </summary>
public sealed class Vae : IDisposable
{
    internal const string WeightsName = "model.safetensors", ConfigName = "config.json";

    private readonly InferencePasses passes;
    private readonly Parameter? sharedParameter;
    private bool isDisposed;

    /// <summary>A model with fresh weights, drawn as PyTorch's <c>nn.Linear</c> draws them, from <paramref name="seed"/>.</summary>
    /// <exception cref="BadInputException">An option is out of range.</exception>
    public Vae(ComputeDevice device, VaeOptions? options = null, ulong seed = 1)
    {
        Options = options ?? new VaeOptions();
        Options.Validate();
        Device = device;
        (Encoder, Decoder) = (Networks.Encoder(Options), Networks.Decoder(Options));
        Posterior = PosteriorSampler.Create(Options);
        Prior = PriorDensity.Create(Options);
        (string Name, float Start)? shared = device.Kernels.LikelihoodOf(Options).Shared;
        (string Name, int[] Shape)[] beside = shared is var (name, _) ? [(name, [1])] : [];
        Parameters = new ParameterStore(
            device,
            [
                .. Encoder.ParameterShapes, .. Decoder.ParameterShapes, .. Posterior.ParameterShapes, .. Prior.ParameterShapes, .. beside,
            ]);
        Encoder.Attach(Parameters);
        Decoder.Attach(Parameters);
        Initialization.Fill(Parameters, seed);
        Posterior.Attach(Parameters);
        Prior.Attach(Parameters, seed);
        if (shared is var (sharedName, start))
        {
            sharedParameter = Parameters[sharedName];
            Parameters.Write(sharedParameter, [start]);
        }
        Labels = new ClassLabels(Options);
        passes = new InferencePasses(this, Labels);
    }

    public VaeOptions Options { get; }

    public ComputeDevice Device { get; }

    /// <summary>
    /// All weights, named like the PyTorch module of the seed article: <c>encoder.0.weight</c> [out, in], <c>encoder.0.bias</c> …
    /// </summary>
    /// <exception cref="ObjectDisposedException">The model is disposed, and the weights with it.</exception>
    public ParameterStore Parameters
    {
        get
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return field;
        }
    }

    internal Network Encoder { get; }

    internal Network Decoder { get; }

    internal PosteriorSampler Posterior { get; }

    internal PriorDensity Prior { get; }

    private InferencePasses Passes
    {
        get
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return passes;
        }
    }

    /// <summary>The classes that the model knows.</summary>
    internal ClassLabels Labels { get; }

    /// <summary>The order of the decoder's columns.</summary>
    internal PixelLayout PixelLayout => Decoder.Layers[^1] is Linear
        ? PixelLayout.Planar(Options.Shape.Pixels)
        : PixelLayout.ChannelsLast(Options.Shape.Width * Options.Shape.Height, Options.Shape.Channels, Options.PixelParameters);

    /// <summary>Loads what <see cref="Save"/> wrote into <paramref name="folder"/>.</summary>
    /// <exception cref="BadInputException">A file is missing or broken, or the weights are not those of the configuration.</exception>
    public static Vae Load(ComputeDevice device, string folder)
    {
        string config = Path.Combine(folder, ConfigName);
        if (!File.Exists(config))
            throw new BadInputException(
                $"{folder} holds no {ConfigName}, so it is no trained model. Name the folder that a training wrote.");
        var model = new Vae(device, VaeConfig.FromJson(File.ReadAllText(config), config));
        try
        {
            model.LoadWeights(Path.Combine(folder, WeightsName));
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes <c>model.safetensors</c> and <c>config.json</c> into <paramref name="folder"/>, each in one piece or not at all.
    /// </summary>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public void Save(string folder)
    {
        SaveWeights(Path.Combine(folder, WeightsName));
        AtomicFile.Write(
            Path.Combine(folder, ConfigName), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(VaeConfig.ToJson(Options))));
    }

    /// <summary>Writes the weights as safetensors, as PyTorch's <c>load_state_dict</c> takes them.</summary>
    public void SaveWeights(string path) => SafetensorsFile.Write(
        path,
        [.. Parameters.Parameters.Select(parameter => new NamedTensor(parameter.Name, [.. parameter.Shape], Parameters.Read(parameter)))],
        new Dictionary<string, string> { ["format"] = "pt" });

    /// <summary>Reads weights of this architecture, for instance from PyTorch's <c>safetensors.torch.save_file</c>.</summary>
    /// <exception cref="BadInputException">The file is missing, broken, or of another architecture; the weights are then
    /// unchanged.</exception>
    public void LoadWeights(string path)
    {
        var file = SafetensorsFile.Read(path);
        NamedTensor[] tensors = [.. Parameters.Parameters.Select(parameter => file.Get(parameter.Name, [.. parameter.Shape]))];
        if (file.Tensors.FirstOrDefault(tensor => !tensors.Contains(tensor)) is { } extra)
            throw new BadInputException(
                $"{path} also holds \"{extra.Name}\", which this model does not have: it has more layers. " +
                "Use the options the file was trained with.");
        for (int i = 0; i < tensors.Length; i++)
            Parameters.Write(Parameters.Parameters[i], tensors[i].Data);
    }

    /// <summary>
    /// q(z|x): images [n, pixels] to moments [n, 2·latent], means then log-variances in each row. Of a full covariance those are the
    /// diagonal of its Cholesky factor, twice its logarithm; a flow gives the code of noise 0 and the log-variances that it starts from.
    /// </summary>
    /// <param name="images">[n, pixels].</param>
    /// <param name="moments">[n, 2·latent], written.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <exception cref="ArgumentException">The views do not hold the same whole number of rows.</exception>
    /// <exception cref="BadInputException">Labels are missing, or the model takes none.</exception>
    public void Encode(ArrayView<float> images, ArrayView<float> moments, ArrayView<float> labels = default) =>
        Passes.Run(Direction.Encode, images, moments, labels);

    /// <summary>q(z|x): images [n, pixels] to means and log-variances, [n, latent] each; see the overload on views.</summary>
    /// <param name="images">[n, pixels].</param>
    /// <param name="means">[n, latent], written.</param>
    /// <param name="logVariances">[n, latent], written.</param>
    /// <param name="labels">[n], for a conditional model.</param>
    /// <exception cref="ArgumentException">The spans do not hold the same whole number of rows.</exception>
    /// <exception cref="BadInputException">Labels are missing, unknown, or the model takes none.</exception>
    public void Encode(ReadOnlySpan<float> images, Span<float> means, Span<float> logVariances, ReadOnlySpan<int> labels = default)
    {
        int latent = Options.Latent, count = InferencePasses.Rows(images.Length, Options.Shape.Pixels, means.Length, latent);
        InferencePasses.Rows(images.Length, Options.Shape.Pixels, logVariances.Length, latent);
        float[] moments = new float[count * 2 * latent];
        Passes.Run(Direction.Encode, images, moments, labels);
        for (int i = 0; i < count; i++)
        {
            moments.AsSpan(2 * i * latent, latent).CopyTo(means[(i * latent)..]);
            moments.AsSpan((2 * i + 1) * latent, latent).CopyTo(logVariances[(i * latent)..]);
        }
    }

    /// <summary>
    /// Codes [n, latent] to images [n, pixels]: the mean of p(x|z), which for Bernoulli is the probability of white. Values of Gaussian
    /// and Laplace models may lie outside [0, 1].
    /// </summary>
    /// <param name="codes">[n, latent].</param>
    /// <param name="images">[n, pixels], written.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <exception cref="ArgumentException">The views do not hold the same whole number of rows.</exception>
    /// <exception cref="BadInputException">Labels are missing, or the model takes none.</exception>
    public void Decode(ArrayView<float> codes, ArrayView<float> images, ArrayView<float> labels = default) =>
        Passes.Run(Direction.Decode, codes, images, labels);

    /// <inheritdoc cref="Decode(ArrayView{float}, ArrayView{float}, ArrayView{float})"/>
    /// <remarks>From the second call with a batch size on nothing is allocated.</remarks>
    public void Decode(ReadOnlySpan<float> codes, Span<float> images, ReadOnlySpan<int> labels = default) =>
        Passes.Run(Direction.Decode, codes, images, labels);

    /// <summary>Codes [n, latent] to images [n, pixels] drawn from p(x|z), every pixel for itself: grain and all.</summary>
    /// <param name="codes">[n, latent].</param>
    /// <param name="images">[n, pixels], written.</param>
    /// <param name="seed">Seed of the draws; the first rows are the same whatever n.</param>
    /// <param name="step">Another number gives other draws.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <exception cref="ArgumentException">The views do not hold the same whole number of rows.</exception>
    /// <exception cref="BadInputException">Labels are missing, or the model takes none.</exception>
    public void DecodeSamples(ArrayView<float> codes, ArrayView<float> images, ulong seed, long step = 0, ArrayView<float> labels = default)
    {
        LikelihoodKernels likelihood = Device.Kernels.LikelihoodOf(Options).Kernels;
        int pixels = Options.Shape.Pixels;
        InferencePasses.Rows(codes.Length, Options.Latent, images.Length, pixels);
        Passes.Run(Direction.Describe, codes, labels, (first, decoded) =>
        {
            ArrayView<float> drawn = images.SubView((long)first * pixels, decoded.Length / Decoder.Outputs * pixels);
            likelihood.Samples(Device.Stream, decoded, SharedIn(Parameters.Values), drawn, PixelLayout, seed, step, first);
        });
    }

    /// <summary>Images [n, pixels] to their reconstructions [n, pixels] by way of the code of <see cref="Encode(ArrayView{float},
    /// ArrayView{float}, ArrayView{float})"/>, without noise.</summary>
    /// <param name="images">[n, pixels].</param>
    /// <param name="reconstructions">[n, pixels], written.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <exception cref="ArgumentException">The views do not hold the same whole number of rows.</exception>
    /// <exception cref="BadInputException">Labels are missing, or the model takes none.</exception>
    public void Reconstruct(ArrayView<float> images, ArrayView<float> reconstructions, ArrayView<float> labels = default) =>
        Passes.Run(Direction.Reconstruct, images, reconstructions, labels);

    /// <inheritdoc cref="Reconstruct(ArrayView{float}, ArrayView{float}, ArrayView{float})"/>
    public void Reconstruct(ReadOnlySpan<float> images, Span<float> reconstructions, ReadOnlySpan<int> labels = default) =>
        Passes.Run(Direction.Reconstruct, images, reconstructions, labels);

    /// <summary>Codes drawn from the prior, [count, latent]; the first n are the same whatever the count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is not positive.</exception>
    public float[] SamplePrior(int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        using MemoryBuffer1D<float, Stride1D.Dense> normal = Device.Accelerator.Allocate1D<float>((long)count * Options.Latent);
        Device.Kernels.RandomFill.Normal(Device.Stream, normal.View, seed, RandomPurpose.Prior, 0, 0, 1);
        float[] codes = normal.View.BaseView.GetAsArray(Device.Stream);
        Prior.Sample(this, codes, seed);
        return codes;
    }

    /// <summary>Images decoded from <paramref name="count"/> codes of the prior, [count, pixels].</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Seed of the codes.</param>
    /// <param name="label">The class of all of them, for a conditional model; without it image i has the class i mod classes.</param>
    /// <exception cref="BadInputException">The model does not know the class, or knows no classes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The count is not positive.</exception>
    public float[] Generate(int count, ulong seed, int? label = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        if (label is not null && Options.Classes == 0)
            throw new BadInputException("This model was not trained with labels, so it cannot be asked for one; train with --conditional.");
        float[] images = new float[checked(count * Options.Shape.Pixels)];
        int[] labels = Options.Classes == 0 ? [] : [.. Enumerable.Range(0, count).Select(i => label ?? i % Options.Classes)];
        Decode(SamplePrior(count, seed), images, labels);
        return images;
    }

    /// <summary>
    /// What the model is told of <paramref name="count"/> images of a set: their labels, or nothing where it is not conditional.
    /// </summary>
    /// <exception cref="BadInputException">The images have no labels, or labels that the model does not know.</exception>
    public ReadOnlySpan<int> LabelsOf(ImageSet images, int first, int count)
    {
        if (Options.Classes == 0)
            return default;
        return Require(images).Labels.AsSpan(first, count);
    }

    /// <summary>The number of a class, by its name or its number.</summary>
    /// <exception cref="BadInputException">The model does not know it; the message lists those that it knows.</exception>
    public int LabelNumber(string label) => Labels.NumberOf(label);

    /// <summary>
    /// Lets the pseudo-inputs of a VampPrior start from images drawn from a set, which are better starting points than the noise of a fresh
    /// model. Other models stay as they are.
    /// </summary>
    /// <exception cref="BadInputException">The images are not of the model's shape.</exception>
    public void StartPriorFrom(ImageSet images, ulong seed)
    {
        Require(images);
        if (Prior is VampPriorDensity vamp)
            vamp.StartFrom(Parameters, images, seed);
    }

    /// <summary>
    /// The two terms of the loss, averaged over <paramref name="images"/>, with <paramref name="samples"/> noise samples per image drawn
    /// from <paramref name="seed"/>. With several samples both add up to the importance-weighted bound.
    /// </summary>
    /// <exception cref="BadInputException">The images are not of the model's shape.</exception>
    public ElboParts Evaluate(ImageSet images, ulong seed = 0, int samples = 1)
    {
        using var evaluator = new Evaluator(this, images, seed, samples: samples);
        return evaluator.Run();
    }

    public void Dispose()
    {
        if (isDisposed)
            return;
        passes.Dispose();
        Parameters.Dispose();
        isDisposed = true;
    }

    /// <summary>
    /// The number of the likelihood that all pixels share, one element of a buffer laid out like <see cref="ParameterStore.Values"/>; empty
    /// where there is none.
    /// </summary>
    internal ArrayView<float> SharedIn(ArrayView<float> flat) =>
        sharedParameter is null ? default : ParameterStore.Slice(flat, sharedParameter);

    /// <summary>The images, with their labels numbered as in the model where it is told them.</summary>
    /// <exception cref="BadInputException">
    /// The images are not of the model's shape, there are none, or they have not the labels that the model is to be told.
    /// </exception>
    internal ImageSet Require(ImageSet images)
    {
        if (images.Count == 0)
            throw new BadInputException($"{images.Name} holds no images.");
        if (ImageShape.Of(images) != Options.Shape)
            throw new BadInputException(
                $"{images.Name} holds images of {ImageShape.Of(images)}; the model was made for {Options.Shape}. " +
                $"Convert them (--size {Options.Shape.Width}x{Options.Shape.Height} --channels {Options.Shape.Channels}), "
                + "or train a model for them.");
        return Labels.Require(images);
    }

    /// <summary>The encoder's whole output, [n, its columns], which describes q(z|x).</summary>
    internal void EncodeAll(ArrayView<float> images, ArrayView<float> encoded, ArrayView<float> labels = default) =>
        Passes.Run(Direction.EncodeAll, images, encoded, labels);
}
