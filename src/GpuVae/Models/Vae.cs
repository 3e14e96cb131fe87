using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Models;

/// <summary>
/// A variational autoencoder (Kingma and Welling, "Auto-Encoding Variational Bayes", 2014) with its weights on a device. Images are rows
/// of <see cref="ImageShape.Pixels"/> values in [0, 1], codes rows of <see cref="VaeOptions.Latent"/> values. The overloads on views
/// enqueue on the device's stream and return; those on spans wait.
/// </summary>
/// <remarks>
/// <para>
/// One thread at a time, see <see cref="ComputeDevice"/>: every method that touches the device throws an
/// <see cref="InvalidOperationException"/> while another thread uses the device. The overloads on views are guarded while they enqueue.
/// The overloads on spans look at what they are given: images must lie in [0, 1] and codes be finite. What views hold is not looked at, as
/// that would mean to wait for the device.
/// </para>
/// <para>
/// A call that throws, because it was cancelled, found no memory or was given what it does not take, leaves the model and its weights as
/// they were; what it was writing its results into is then of no use. A constructor that throws leaves nothing on the device. After an
/// error of a driver the device may be lost: every later call then fails the same way, see <see cref="ComputeDevice"/>.
/// </para>
/// </remarks>
public sealed partial class Vae : IDisposable
{
    private readonly InferencePasses passes;
    private bool isDisposed;

    /// <summary>
    /// A model with fresh weights, drawn as PyTorch's <c>nn.Linear</c> draws them, from <paramref name="seed"/>. Parts of the caller's own
    /// take the place of those that the options would make; a model with some is saved as any other, but only its weights can be loaded
    /// again, into a model with the same parts.
    /// </summary>
    /// <param name="device">Where the weights are to be and everything is computed.</param>
    /// <param name="options">Architecture and objective.</param>
    /// <param name="seed">Of the weights.</param>
    /// <param name="likelihood">p(x|z), in the place of <see cref="VaeOptions.Likelihood"/>.</param>
    /// <param name="prior">p(z), in the place of <see cref="VaeOptions.Prior"/>.</param>
    /// <param name="activation">After every hidden layer, in the place of <see cref="VaeOptions.Activation"/>.</param>
    /// <param name="encoder">All layers of the encoder but the last, in the place of those of <see cref="VaeOptions.Network"/>.</param>
    /// <param name="decoder">The same of the decoder.</param>
    /// <exception cref="BadInputException">
    /// An option is out of range, a layer does not fit, or the options are those of a model with other parts of its own.
    /// </exception>
    public Vae(
        ComputeDevice device, VaeOptions? options = null, ulong seed = 1, PixelLikelihood? likelihood = null, CodePrior? prior = null,
        Activation? activation = null, IReadOnlyList<LayerSpec>? encoder = null, IReadOnlyList<LayerSpec>? decoder = null)
        : this(device, options ?? new VaeOptions(), new GivenParts(likelihood, prior, activation, encoder, decoder), seed)
    {
    }

    /// <param name="device">As above.</param>
    /// <param name="options">As above.</param>
    /// <param name="given">The parts of the caller's own.</param>
    /// <param name="seed">Of the weights; none where all of them will be read.</param>
    private Vae(ComputeDevice device, VaeOptions options, GivenParts given, ulong? seed)
    {
        ArgumentNullException.ThrowIfNull(device);
        Options = given.NamedIn(options);
        using DeviceGate.Scope scope = device.Enter("making a Vae");
        Device = device;
        Parts = new VaeParts(Options, device.Kernels, given);
        Parameters = Parts.CreateParameters(device, seed);
        Labels = new ClassLabels(Options);
        passes = new InferencePasses(this, Labels);
    }

    /// <summary>Architecture and objective, checked.</summary>
    public VaeOptions Options { get; }

    /// <summary>Where the weights are and everything is computed.</summary>
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

    /// <summary>
    /// What <see cref="Generate"/> draws codes from in the place of the prior; null for the prior. It is saved with the weights and read
    /// with them, unless it is the aggregate posterior, and goes when the weights are trained.
    /// </summary>
    /// <exception cref="ArgumentException">It is one for codes of another length.</exception>
    public CodeSampler? Sampler
    {
        get;
        set => field = value is null || value.Latent == Options.Latent
            ? value
            : throw new ArgumentException($"A sampler of {value.Latent} units for codes of {Options.Latent}.", nameof(value));
    }

    internal VaeParts Parts { get; }

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

    /// <summary>
    /// q(z|x): images [n, pixels] to moments [n, 2·latent], means then log-variances in each row. Of a full covariance those are the
    /// diagonal of its Cholesky factor, twice its logarithm; a flow gives the code of noise 0 and the log-variances that it starts from; a
    /// hierarchy those of each level where the levels above stand at their means; a model with discrete codes the vectors before they are
    /// quantised, and a regularised autoencoder the codes, without variance: its least logarithm.
    /// </summary>
    /// <param name="images">[n, pixels], in [0, 1], which is not checked.</param>
    /// <param name="moments">[n, 2·latent], written.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <exception cref="ArgumentException">The views do not hold the same whole number of rows.</exception>
    /// <exception cref="BadInputException">Labels are missing, or the model takes none.</exception>
    public void Encode(ArrayView<float> images, ArrayView<float> moments, ArrayView<float> labels = default)
    {
        using DeviceGate.Scope scope = Device.Enter("Vae.Encode");
        Passes.Run(Direction.Encode, images, moments, labels);
    }

    /// <summary>q(z|x): images [n, pixels] to means and log-variances, [n, latent] each; see the overload on views.</summary>
    /// <param name="images">[n, pixels].</param>
    /// <param name="means">[n, latent], written.</param>
    /// <param name="logVariances">[n, latent], written.</param>
    /// <param name="labels">[n], for a conditional model.</param>
    /// <param name="cancellation">Asks to stop before the next 512 images; what is written is then of no use, the model is.</param>
    /// <exception cref="ArgumentException">
    /// The spans do not hold the same whole number of rows, or a value of an image is not in [0, 1].
    /// </exception>
    /// <exception cref="BadInputException">Labels are missing, unknown, or the model takes none.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public void Encode(
        ReadOnlySpan<float> images, Span<float> means, Span<float> logVariances, ReadOnlySpan<int> labels = default,
        CancellationToken cancellation = default)
    {
        InputCheck.RequireImages(images, Options.Likelihood);
        EncodeAny(images, means, logVariances, labels, cancellation);
    }

    /// <summary>The same of images whose values may lie outside [0, 1], as those that a Gaussian model has decoded.</summary>
    internal void EncodeAny(
        ReadOnlySpan<float> images, Span<float> means, Span<float> logVariances, ReadOnlySpan<int> labels, CancellationToken cancellation)
    {
        int latent = Options.Latent, count = InferencePasses.Rows(images.Length, Options.Shape.Pixels, means.Length, latent);
        InferencePasses.Rows(images.Length, Options.Shape.Pixels, logVariances.Length, latent);
        using DeviceGate.Scope scope = Device.Enter("Vae.Encode");
        float[] moments = new float[checked(count * 2 * latent)];
        Passes.Run(Direction.Encode, images, moments, labels, cancellation);
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
    /// <param name="codes">[n, latent], finite, which is not checked.</param>
    /// <param name="images">[n, pixels], written.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <exception cref="ArgumentException">The views do not hold the same whole number of rows.</exception>
    /// <exception cref="BadInputException">Labels are missing, or the model takes none.</exception>
    public void Decode(ArrayView<float> codes, ArrayView<float> images, ArrayView<float> labels = default)
    {
        using DeviceGate.Scope scope = Device.Enter("Vae.Decode");
        Passes.Run(Direction.Decode, codes, images, labels);
    }

    /// <summary>
    /// Codes [n, latent] to images [n, pixels]: the mean of p(x|z), as the overload on views gives it; waits for the device.
    /// </summary>
    /// <remarks>From the second call with a batch size on nothing is allocated.</remarks>
    /// <param name="codes">[n, latent].</param>
    /// <param name="images">[n, pixels], written.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <param name="cancellation">Asks to stop before the next 512 codes.</param>
    /// <exception cref="ArgumentException">
    /// The spans do not hold the same whole number of rows, or a value of a code is not finite.
    /// </exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public void Decode(
        ReadOnlySpan<float> codes, Span<float> images, ReadOnlySpan<int> labels = default, CancellationToken cancellation = default)
    {
        InputCheck.RequireFinite(codes);
        using DeviceGate.Scope scope = Device.Enter("Vae.Decode");
        Passes.Run(Direction.Decode, codes, images, labels, cancellation);
    }

    /// <summary>Codes [n, latent] to images [n, pixels] drawn from p(x|z), every pixel for itself: grain and all.</summary>
    /// <param name="codes">[n, latent], finite, which is not checked.</param>
    /// <param name="images">[n, pixels], written.</param>
    /// <param name="seed">Seed of the draws; the first rows are the same whatever n.</param>
    /// <param name="step">Another number gives other draws.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <exception cref="ArgumentException">The views do not hold the same whole number of rows.</exception>
    /// <exception cref="BadInputException">Labels are missing, or the model takes none.</exception>
    public void DecodeSamples(ArrayView<float> codes, ArrayView<float> images, ulong seed, long step = 0, ArrayView<float> labels = default)
    {
        ImageLikelihood likelihood = Parts.Likelihood;
        int pixels = Options.Shape.Pixels;
        InferencePasses.Rows(codes.Length, Options.Latent, images.Length, pixels);
        using DeviceGate.Scope scope = Device.Enter("Vae.DecodeSamples");
        Passes.Run(Direction.Describe, codes, labels, (first, decoded) =>
        {
            ArrayView<float> drawn = images.SubView((long)first * pixels, decoded.Length / Parts.Decoder.Outputs * pixels);
            likelihood.Kernels.Samples(
                Device.Stream, decoded, likelihood.SharedIn(Parameters.Values), drawn, likelihood.Layout, seed, step, first);
        });
    }

    /// <summary>Images [n, pixels] to their reconstructions [n, pixels] by way of the code of <see cref="Encode(ArrayView{float},
    /// ArrayView{float}, ArrayView{float})"/>, without noise.</summary>
    /// <param name="images">[n, pixels], in [0, 1], which is not checked.</param>
    /// <param name="reconstructions">[n, pixels], written.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <exception cref="ArgumentException">The views do not hold the same whole number of rows.</exception>
    /// <exception cref="BadInputException">Labels are missing, or the model takes none.</exception>
    public void Reconstruct(ArrayView<float> images, ArrayView<float> reconstructions, ArrayView<float> labels = default)
    {
        using DeviceGate.Scope scope = Device.Enter("Vae.Reconstruct");
        Passes.Run(Direction.Reconstruct, images, reconstructions, labels);
    }

    /// <summary>
    /// Images [n, pixels] to their reconstructions [n, pixels], as the overload on views gives them; waits for the device.
    /// </summary>
    /// <param name="images">[n, pixels].</param>
    /// <param name="reconstructions">[n, pixels], written.</param>
    /// <param name="labels">[n]: class numbers, for a conditional model.</param>
    /// <param name="cancellation">Asks to stop before the next 512 images.</param>
    /// <exception cref="ArgumentException">
    /// The spans do not hold the same whole number of rows, or a value of an image is not in [0, 1].
    /// </exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public void Reconstruct(
        ReadOnlySpan<float> images, Span<float> reconstructions, ReadOnlySpan<int> labels = default,
        CancellationToken cancellation = default)
    {
        InputCheck.RequireImages(images, Options.Likelihood);
        using DeviceGate.Scope scope = Device.Enter("Vae.Reconstruct");
        Passes.Run(Direction.Reconstruct, images, reconstructions, labels, cancellation);
    }

    /// <summary>Codes drawn from the prior, [n, latent], on the device; the first ones are the same whatever n.</summary>
    /// <remarks>With a learned prior this waits for the device.</remarks>
    /// <param name="codes">[n, latent], written.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <exception cref="ArgumentException">The view holds no whole number of rows, or none.</exception>
    public void SamplePrior(ArrayView<float> codes, ulong seed)
    {
        if (codes.Length == 0 || codes.Length % Options.Latent != 0)
            throw new ArgumentException($"{codes.Length} values are no codes of {Options.Latent} units.", nameof(codes));
        using DeviceGate.Scope scope = Device.Enter("Vae.SamplePrior");
        using FrozenPrior prior = FreezePrior();
        prior.Sample(codes, codes.IntLength / Options.Latent, seed);
    }

    /// <summary>Codes drawn from the prior, [count, latent]; the first n are the same whatever the count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is not positive.</exception>
    public float[] SamplePrior(int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        using DeviceGate.Scope scope = Device.Enter("Vae.SamplePrior");
        using MemoryBuffer1D<float, Stride1D.Dense> codes = DrawCodes(count, seed, temperature: 1);
        return codes.View.BaseView.GetAsArray(Device.Stream);
    }

    /// <summary>
    /// Codes drawn from <see cref="Sampler"/>, or from the prior where there is none, [count, latent]: those that <see cref="Generate"/>
    /// decodes. The first n are the same whatever the count.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Seed of the codes.</param>
    /// <param name="label">The class of all of them, for a conditional model; without it code i has the class i mod classes.</param>
    /// <param name="temperature">Scales the noise of codes: below 1 images are more alike and more typical.</param>
    /// <exception cref="BadInputException">As for <see cref="Generate"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The count is not positive.</exception>
    public float[] SampleCodes(int count, ulong seed, int? label = null, double temperature = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        using DeviceGate.Scope scope = Device.Enter("Vae.SampleCodes");
        using MemoryBuffer1D<float, Stride1D.Dense> codes = DrawCodes(count, seed, LabelsToDraw(count, label), temperature);
        return codes.View.BaseView.GetAsArray(Device.Stream);
    }

    /// <summary>
    /// Images decoded from <paramref name="count"/> codes of <see cref="Sampler"/>, or of the prior where there is none, [count, pixels].
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Seed of the codes.</param>
    /// <param name="label">The class of all of them, for a conditional model; without it image i has the class i mod classes.</param>
    /// <param name="temperature">Scales the noise of codes: below 1 images are more alike and more typical.</param>
    /// <param name="cancellation">Asks to stop before the next 512 images.</param>
    /// <exception cref="BadInputException">
    /// The model does not know the class, or knows no classes; or the temperature is negative, or not 1 for a prior of the caller's own.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The count is not positive, or so many images are more than an array holds.
    /// </exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public float[] Generate(
        int count, ulong seed, int? label = null, double temperature = 1, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Array.MaxLength / Options.Shape.Pixels);
        using DeviceGate.Scope scope = Device.Enter("Vae.Generate");
        int[] labels = LabelsToDraw(count, label);
        using MemoryBuffer1D<float, Stride1D.Dense> codes = DrawCodes(count, seed, labels, temperature);
        int pixels = Options.Shape.Pixels;
        float[] images = new float[count * pixels];
        using MemoryBuffer1D<float, Stride1D.Dense>? onDevice =
            labels.Length == 0 ? null : Device.Accelerator.Allocate1D(Array.ConvertAll(labels, value => (float)value));
        Passes.Run(
            Direction.Decode, codes.View, onDevice is null ? default : onDevice.View.BaseView,
            (first, decoded) => decoded.Download(Device.Stream, images.AsSpan(first * pixels, decoded.IntLength)), cancellation);
        return images;
    }

    /// <summary>What new images are told: nothing, or a label for each.</summary>
    private int[] LabelsToDraw(int count, int? label)
    {
        if (label is not null && Options.Classes == 0)
            throw new BadInputException("This model was not trained with labels, so it cannot be asked for one; "
                + "train with VaeOptions.Classes.");
        int[] labels = Options.Classes == 0 ? [] : [.. Enumerable.Range(0, count).Select(i => label ?? i % Options.Classes)];
        Labels.RequireKnown(labels);
        return labels;
    }

    /// <summary>Codes of the sampler, or of the prior where there is none.</summary>
    private MemoryBuffer1D<float, Stride1D.Dense> DrawCodes(int count, ulong seed, int[] labels, double temperature)
    {
        if (!(temperature is >= 0 and < double.PositiveInfinity))
            throw new BadInputException($"A temperature of {temperature} is out of range; it must be finite and not negative.");
        if (temperature != 1 && Options.Own?.Prior is not null)
            throw new BadInputException("How a prior of one's own is to be drawn from at another temperature is not known; leave it at 1.");
        return Sampler is null
            ? DrawCodes(count, seed, temperature)
            : Device.Accelerator.Allocate1D(
                Sampler.Draw(labels.Length > 0 ? labels : [.. Enumerable.Repeat(-1, count)], seed, temperature));
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
    /// The two terms of the loss, averaged over <paramref name="images"/>, with <paramref name="samples"/> noise samples per image drawn
    /// from <paramref name="seed"/>. With several samples both add up to the importance-weighted bound.
    /// </summary>
    /// <exception cref="BadInputException">The images are not of the model's shape.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> asked to stop.</exception>
    public ElboParts Evaluate(ImageSet images, ulong seed = 0, int samples = 1, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        using DeviceGate.Scope scope = Device.Enter("Vae.Evaluate");
        using var evaluator = new Evaluator(this, images, seed, samples: samples);
        return evaluator.Run(cancellation);
    }

    /// <summary>Waits for the device and frees the weights; the device stays open.</summary>
    /// <exception cref="InvalidOperationException">Another thread is using the device; nothing is freed.</exception>
    public void Dispose()
    {
        if (isDisposed)
            return;
        using DeviceGate.Scope scope = Device.EnterToDispose("Vae.Dispose");
        passes.Dispose();
        Parameters.Dispose();
        isDisposed = true;
    }

    /// <inheritdoc cref="LikelihoodFacts.BitsPerDimension"/>
    internal double BitsPerDimension(double nats) =>
        (Parts.Given.Likelihood is { } own ? own.IsDensity ? Likelihood.Gaussian : Likelihood.Bernoulli : Options.Likelihood)
            .BitsPerDimension(nats, Options.Shape.Pixels);

    /// <summary>Where the steps of a schedule go: this model's weights and its device's kernels.</summary>
    internal LayerContext ContextOf(ScheduleBuilder builder, PlannedTensor? labels = null) =>
        new(builder, Device.Kernels, Parameters.Values, Labels: labels);

    /// <summary>The prior with the weights as they are now.</summary>
    /// <exception cref="BadInputException">Its codes are discrete, and have no density.</exception>
    internal FrozenPrior FreezePrior() =>
        Options.IsQuantized ? throw NoDensity() : new(Parts.Prior, Parts.Encoder, Device, Parameters.Values);

    /// <summary>The images, with their labels numbered as in the model where it is told them.</summary>
    /// <exception cref="BadInputException">
    /// The images are not of the model's shape, there are none, or they have not the labels that the model is to be told.
    /// </exception>
    internal ImageSet Require(ImageSet images)
    {
        if (images.Count == 0)
            throw new BadInputException($"{images.Name} holds no images.");
        if (images.Shape != Options.Shape)
            throw new BadInputException(
                $"{images.Name} holds images of {images.Shape}; the model was made for {Options.Shape}. " +
                $"Convert them with DataOptions.Size = {Options.Shape.Width}x{Options.Shape.Height} and DataOptions.Channels = "
                + $"{Options.Shape.Channels}, or train a model for them.");
        images.Values.RequireFor(Options.Likelihood);
        return Labels.Require(images);
    }

    /// <summary>The encoder's whole output, [n, its columns], which describes q(z|x).</summary>
    internal void EncodeAll(ArrayView<float> images, ArrayView<float> encoded, ArrayView<float> labels = default) =>
        Passes.Run(Direction.EncodeAll, images, encoded, labels);

    private MemoryBuffer1D<float, Stride1D.Dense> DrawCodes(int count, ulong seed, double temperature)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Array.MaxLength / Options.Latent);
        MemoryBuffer1D<float, Stride1D.Dense> codes = Device.Accelerator.Allocate1D<float>((long)count * Options.Latent);
        try
        {
            using FrozenPrior prior = FreezePrior();
            prior.Sample(codes.View, count, seed, temperature);
            return codes;
        }
        catch
        {
            codes.Dispose();
            throw;
        }
    }
}
