using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Formats;
using GpuVae.Kernels;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;
using GpuVae.Tensors;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Models;

/// <summary>
/// A variational autoencoder (Kingma and Welling, "Auto-Encoding Variational Bayes", 2014) of fully connected layers, with its weights on a
/// device. Images are rows of <see cref="ImageShape.Pixels"/> values in [0, 1], codes rows of <see cref="VaeOptions.Latent"/> values. The
/// overloads on views enqueue on the device's stream and return; those on spans wait. One thread at a time.
/// </summary>
public sealed class Vae : IDisposable
{
    private const string WeightsName = "model.safetensors", ConfigName = "config.json";

    // Larger inputs are worked through in chunks of this many images, which is enough to fill any of the devices.
    private const int LargestPass = 512;

    // A program that decodes batches of ever new sizes must not collect a schedule for each of them for ever.
    private const int PassesKept = 64;

    private readonly Dictionary<(Direction Direction, int Batch), InferencePass> passes = [];
    private readonly Parameter? sharedParameter;

    private enum Direction
    {
        Encode,

        /// <summary>To the encoder's columns, the parameters of q(z|x).</summary>
        EncodeAll,

        Decode,

        /// <summary>To the decoder's columns, the parameters of p(x|z).</summary>
        Describe,

        Reconstruct,
    }

    /// <summary>A model with fresh weights, drawn as PyTorch's <c>nn.Linear</c> draws them, from <paramref name="seed"/>.</summary>
    /// <exception cref="BadInputException">An option is out of range.</exception>
    public Vae(ComputeDevice device, VaeOptions? options = null, ulong seed = 1)
    {
        Options = options ?? new VaeOptions();
        Options.Validate();
        Device = device;
        (Encoder, Decoder) = Options.Network == NetworkKind.Convolutional
            ? (ConvolutionalNetworks.Encoder(Options), ConvolutionalNetworks.Decoder(Options))
            : (DenseNetwork("encoder", Options.EncoderWidths, Options.Classes, Options.Activation),
                DenseNetwork("decoder", Options.DecoderWidths, Options.Classes, Options.Activation));
        Posterior = PosteriorSampler.Create(Options);
        Prior = PriorDensity.Create(Options);
        if (Options.Upscale > 1)
        {
            var reduction = new Reduction(Options.Shape.Width, Options.Shape.Height, Options.Shape.Channels, Options.Upscale);
            Encoder = new Network([new BlockAverage("encoder input", reduction), .. Encoder.Layers]);
        }
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
    }

    public VaeOptions Options { get; }

    public ComputeDevice Device { get; }

    /// <summary>
    /// All weights, named like the PyTorch module of the seed article: <c>encoder.0.weight</c> [out, in], <c>encoder.0.bias</c> …
    /// </summary>
    public ParameterStore Parameters { get; }

    internal Network Encoder { get; }

    internal Network Decoder { get; }

    internal PosteriorSampler Posterior { get; }

    internal PriorDensity Prior { get; }

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
        SafetensorsFile file = SafetensorsFile.Read(path);
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
        Run(Direction.Encode, images, Options.Shape.Pixels, moments, 2 * Options.Latent, labels);

    /// <summary>q(z|x): images [n, pixels] to means and log-variances, [n, latent] each; see the overload on views.</summary>
    /// <param name="images">[n, pixels].</param>
    /// <param name="means">[n, latent], written.</param>
    /// <param name="logVariances">[n, latent], written.</param>
    /// <param name="labels">[n], for a conditional model.</param>
    /// <exception cref="ArgumentException">The spans do not hold the same whole number of rows.</exception>
    /// <exception cref="BadInputException">Labels are missing, unknown, or the model takes none.</exception>
    public void Encode(ReadOnlySpan<float> images, Span<float> means, Span<float> logVariances, ReadOnlySpan<int> labels = default)
    {
        int latent = Options.Latent, count = Rows(images.Length, Options.Shape.Pixels, means.Length, latent);
        Rows(images.Length, Options.Shape.Pixels, logVariances.Length, latent);
        var moments = new float[count * 2 * latent];
        Run(Direction.Encode, images, Options.Shape.Pixels, moments, 2 * latent, labels);
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
        Run(Direction.Decode, codes, Options.Latent, images, Options.Shape.Pixels, labels);

    /// <inheritdoc cref="Decode(ArrayView{float}, ArrayView{float}, ArrayView{float})"/>
    /// <remarks>From the second call with a batch size on nothing is allocated.</remarks>
    public void Decode(ReadOnlySpan<float> codes, Span<float> images, ReadOnlySpan<int> labels = default) =>
        Run(Direction.Decode, codes, Options.Latent, images, Options.Shape.Pixels, labels);

    /// <summary>Codes [n, latent] to images [n, pixels] drawn from p(x|z), every pixel for itself: grain and all.</summary>
    /// <param name="codes">[n, latent].</param>
    /// <param name="images">[n, pixels], written.</param>
    /// <param name="seed">Seed of the draws; the first rows are the same whatever n.</param>
    /// <param name="step">Another number gives other draws.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <exception cref="ArgumentException">The views do not hold the same whole number of rows.</exception>
    public void DecodeSamples(ArrayView<float> codes, ArrayView<float> images, ulong seed, long step = 0, ArrayView<float> labels = default)
    {
        LikelihoodKernels likelihood = Device.Kernels.LikelihoodOf(Options);
        int latent = Options.Latent, pixels = Options.Shape.Pixels, count = Rows(codes.Length, latent, images.Length, pixels);
        RequireLabels(labels.Length, count);
        for (int start = 0; start < count; start += LargestPass)
        {
            int batch = Math.Min(LargestPass, count - start);
            ArrayView<float> decoded = Pass(Direction.Describe, batch).Run(
                codes.SubView((long)start * latent, (long)batch * latent), labels.Length == 0 ? labels : labels.SubView(start, batch));
            ArrayView<float> drawn = images.SubView((long)start * pixels, (long)batch * pixels);
            likelihood.Samples(Device.Stream, decoded, SharedIn(Parameters.Values), drawn, PixelLayout, seed, step, start);
        }
    }

    /// <summary>Images [n, pixels] to their reconstructions [n, pixels] by way of the code of <see cref="Encode(ArrayView{float},
    /// ArrayView{float}, ArrayView{float})"/>, without noise.</summary>
    /// <param name="images">[n, pixels].</param>
    /// <param name="reconstructions">[n, pixels], written.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <exception cref="ArgumentException">The views do not hold the same whole number of rows.</exception>
    /// <exception cref="BadInputException">Labels are missing, or the model takes none.</exception>
    public void Reconstruct(ArrayView<float> images, ArrayView<float> reconstructions, ArrayView<float> labels = default) =>
        Run(Direction.Reconstruct, images, Options.Shape.Pixels, reconstructions, Options.Shape.Pixels, labels);

    /// <inheritdoc cref="Reconstruct(ArrayView{float}, ArrayView{float}, ArrayView{float})"/>
    public void Reconstruct(ReadOnlySpan<float> images, Span<float> reconstructions, ReadOnlySpan<int> labels = default) =>
        Run(Direction.Reconstruct, images, Options.Shape.Pixels, reconstructions, Options.Shape.Pixels, labels);

    /// <summary>Codes drawn from the prior, [count, latent]; the first n are the same whatever the count.</summary>
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
    public float[] Generate(int count, ulong seed, int? label = null)
    {
        if (label is not null && Options.Classes == 0)
            throw new BadInputException("This model was not trained with labels, so it cannot be asked for one; train with --conditional.");
        var images = new float[checked(count * Options.Shape.Pixels)];
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
        Require(images);
        return images.Labels.AsSpan(first, count);
    }

    /// <summary>The number of a class, by its name or its number.</summary>
    /// <exception cref="BadInputException">The model does not know it; the message lists those that it knows.</exception>
    public int LabelNumber(string label)
    {
        int named = Array.FindIndex([.. Options.LabelNames], name => string.Equals(name, label, StringComparison.OrdinalIgnoreCase));
        if (named >= 0)
            return named;
        bool isNumber = int.TryParse(label, System.Globalization.CultureInfo.InvariantCulture, out int number);
        if (isNumber && number >= 0 && number < Options.Classes)
            return number;
        throw new BadInputException(Options.Classes == 0
            ? $"The model was not trained with labels, so it does not know {label}; train with --conditional."
            : $"The model does not know the label {label}; it knows {KnownLabels}.");
    }

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
        DropPasses();
        Parameters.Dispose();
    }

    /// <summary>
    /// The number of the likelihood that all pixels share, one element of a buffer laid out like <see cref="ParameterStore.Values"/>; empty
    /// where there is none.
    /// </summary>
    internal ArrayView<float> SharedIn(ArrayView<float> flat) =>
        sharedParameter is null ? default : ParameterStore.Slice(flat, sharedParameter);

    /// <exception cref="BadInputException">The images are not of the model's shape, or there are none.</exception>
    internal void Require(ImageSet images)
    {
        if (images.Count == 0)
            throw new BadInputException($"{images.Name} holds no images.");
        if (ImageShape.Of(images) != Options.Shape)
            throw new BadInputException(
                $"{images.Name} holds images of {ImageShape.Of(images)}; the model was made for {Options.Shape}. " +
                "Resize the images or train a model for them.");
        if (Options.Classes == 0)
            return;
        if (images.Labels is not { } labels)
            throw new BadInputException(
                $"{images.Name} has no labels, and a conditional model needs one for every image. " +
                "Put the images into a subfolder for each label, or train without --conditional.");
        if (labels.Any(label => label < 0 || label >= Options.Classes))
            throw new BadInputException(
                $"{images.Name} has labels up to {labels.Max()}; the model knows {Options.Classes} classes: {KnownLabels}.");
    }

    /// <summary>The encoder's whole output, [n, its columns], which describes q(z|x).</summary>
    internal void EncodeAll(ArrayView<float> images, ArrayView<float> encoded, ArrayView<float> labels = default) =>
        Run(Direction.EncodeAll, images, Options.Shape.Pixels, encoded, Encoder.Outputs, labels);

    private string KnownLabels => string.Join(", ", Options.LabelNames.Count > 0
        ? Options.LabelNames
        : Enumerable.Range(0, Options.Classes).Select(number => number.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Linear layers of the given widths, the first of which includes the classes that join the input.</summary>
    private static Network DenseNetwork(string name, int[] widths, int classes, ActivationKind activation)
    {
        var layers = new List<Layer>();
        if (classes > 0)
            layers.Add(new LabelInput($"{name} label", widths[0] - classes, classes));
        for (int i = 0; i < widths.Length - 1; i++)
            // PyTorch counts the activations between the layers, too, hence 0, 2, 4 …
            layers.Add(new Linear($"{name}.{2 * i}", widths[i], widths[i + 1], i < widths.Length - 2 ? activation : null));
        return new Network(layers);
    }

    private static int Rows(long inputLength, int inputColumns, long outputLength, int outputColumns)
    {
        bool areWhole = inputLength % inputColumns == 0 && outputLength % outputColumns == 0;
        if (!areWhole || inputLength / inputColumns != outputLength / outputColumns)
        {
            throw new ArgumentException(
                $"{inputLength} values in rows of {inputColumns} and {outputLength} in rows of {outputColumns} " +
                "are not the same whole number of rows.");
        }
        return checked((int)(inputLength / inputColumns));
    }

    private void Run(
        Direction direction, ReadOnlySpan<float> input, int inputColumns, Span<float> output, int outputColumns, ReadOnlySpan<int> labels)
    {
        int count = Rows(input.Length, inputColumns, output.Length, outputColumns);
        RequireLabels(labels.Length, count);
        foreach (int label in labels)
        {
            if (label < 0 || label >= Options.Classes)
                throw new BadInputException($"The model does not know the label {label}; it knows {KnownLabels}.");
        }
        for (int start = 0; start < count; start += LargestPass)
        {
            int batch = Math.Min(LargestPass, count - start);
            Pass(direction, batch).Run(
                input.Slice(start * inputColumns, batch * inputColumns), output.Slice(start * outputColumns, batch * outputColumns),
                labels.IsEmpty ? labels : labels.Slice(start, batch));
        }
    }

    private void Run(
        Direction direction, ArrayView<float> input, int inputColumns, ArrayView<float> output, int outputColumns, ArrayView<float> labels)
    {
        int count = Rows(input.Length, inputColumns, output.Length, outputColumns);
        RequireLabels(labels.Length, count);
        for (int start = 0; start < count; start += LargestPass)
        {
            int batch = Math.Min(LargestPass, count - start);
            Pass(direction, batch).Run(
                input.SubView((long)start * inputColumns, (long)batch * inputColumns),
                output.SubView((long)start * outputColumns, (long)batch * outputColumns),
                labels.Length == 0 ? labels : labels.SubView(start, batch));
        }
    }

    private void RequireLabels(long given, int images)
    {
        if (given == (Options.Classes > 0 ? images : 0))
            return;
        throw new BadInputException(Options.Classes > 0
            ? $"The model is conditional: it needs a label for each of {images} images and was given {given}. It knows {KnownLabels}."
            : "The model was not trained with labels, so it takes none.");
    }

    private InferencePass Pass(Direction direction, int batch)
    {
        if (passes.TryGetValue((direction, batch), out InferencePass? pass))
            return pass;
        if (passes.Count >= PassesKept)
            DropPasses();
        var builder = new ScheduleBuilder(batch);
        PlannedTensor? labels = Options.Classes > 0 ? builder.External("labels", 1) : null;
        var context = new LayerContext(builder, Device.Kernels, Parameters.Values, Labels: labels);
        int pixels = Options.Shape.Pixels, latent = Options.Latent;
        PlannedTensor input = builder.External("input", direction is Direction.Decode or Direction.Describe ? latent : pixels);
        PlannedTensor output = builder.External("output", direction switch
        {
            Direction.Encode => 2 * latent,
            Direction.EncodeAll => Encoder.Outputs,
            Direction.Describe => Decoder.Outputs,
            _ => pixels,
        });
        switch (direction)
        {
            case Direction.Encode when Encoder.Outputs > 2 * latent:
                AppendMoments(context, input, output);
                break;
            case Direction.Encode or Direction.EncodeAll:
                Encoder.Infer(context, input, output, null);
                break;
            case Direction.Decode:
                AppendDecoder(context, input, output);
                break;
            case Direction.Describe:
                Decoder.Infer(context, input, output, null);
                break;
            default:
                // The decoder takes the means out of the encoder's rows where they lie.
                PlannedTensor encoded = builder.Tensor("encoder output", Encoder.Outputs);
                Encoder.Infer(context, input, encoded, null);
                AppendDecoder(context, Posterior.Center(context, encoded), output);
                break;
        }
        return passes[(direction, batch)] = new InferencePass(Device, builder, input, output, labels);
    }

    /// <summary>
    /// Appends the way from images to the first 2·latent columns of a wider encoder, with the posterior's center as means.
    /// </summary>
    private void AppendMoments(LayerContext context, PlannedTensor images, PlannedTensor moments)
    {
        PlannedTensor encoded = context.Builder.Tensor("encoder output", images.Rows, Encoder.Outputs);
        Encoder.Infer(context, images, encoded, null);
        AppendColumns(context, encoded, moments, moments.Columns);
        if (Posterior.Center(context, encoded) is var center && center != encoded)
            AppendColumns(context, center, moments, Options.Latent);
    }

    private static void AppendColumns(LayerContext context, PlannedTensor from, PlannedTensor to, int columns)
    {
        Kernels.Rows rows = context.Kernels.Rows;
        context.Builder.Add(
            $"copy {from.Name}", 0, 8.0 * from.Rows * columns, [from, to],
            stream => rows.CopyColumns(stream, from.View, from.Columns, to.View, to.Columns, columns));
    }

    /// <summary>Appends the way from codes to means of p(x|z).</summary>
    private void AppendDecoder(LayerContext context, PlannedTensor codes, PlannedTensor images)
    {
        LikelihoodKernels likelihood = context.Kernels.LikelihoodOf(Options);
        if (likelihood.MeanIsColumn && Decoder.Layers[^1] is Linear)
        {
            Decoder.Infer(context, codes, images, likelihood.MeanActivation);
            return;
        }
        PlannedTensor decoded = context.Builder.Tensor("decoder output", codes.Rows, Decoder.Outputs);
        Decoder.Infer(context, codes, decoded, null);
        ArrayView<float> shared = SharedIn(context.Values);
        PixelLayout layout = PixelLayout;
        context.Builder.Add(
            "means", 20.0 * decoded.Length, 4.0 * (decoded.Length + images.Length), [decoded, images],
            stream => likelihood.Means(stream, decoded.View, shared, images.View, layout));
    }

    private void DropPasses()
    {
        if (passes.Count > 0)
            Device.Synchronize();
        foreach (InferencePass pass in passes.Values)
            pass.Dispose();
        passes.Clear();
    }
}
