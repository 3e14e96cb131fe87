using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Models;

/// <summary>
/// The distribution of a model's discrete codes, which draws new ones place by place, perhaps under the condition of a label: a gated
/// PixelCNN or a causal transformer (<see cref="CodeNetworkKind"/>). Where there are two grids each has a network of its own, and that of
/// the bottom one is told the top codes. Its weights are on the device of the model.
/// </summary>
/// <remarks>One thread at a time, as for <see cref="Vae"/>.</remarks>
public sealed partial class GridPrior : IDisposable
{
    // Images that are drawn together.
    private const int LargestDraw = 64;

    // Of the grids, the top one first.
    private readonly CodeNetwork[] networks;
    private readonly ClassLabels classes;
    private bool isDisposed;

    /// <summary>One with fresh weights; a <c>GridPriorTrainer</c> trains it.</summary>
    /// <param name="model">Whose codes; it stays the caller's, and must live as long.</param>
    /// <param name="options">How large it is.</param>
    /// <param name="seed">Of the weights.</param>
    /// <exception cref="BadInputException">The model's codes are not discrete, or an option is out of range.</exception>
    public GridPrior(Vae model, GridPriorOptions? options = null, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.RequireQuantized();
        (Model, Options) = (model, options ?? new GridPriorOptions());
        Options.Validate();
        using DeviceGate.Scope scope = model.Device.Enter("making a GridPrior");
        classes = new ClassLabels(new VaeOptions { Classes = Options.Classes, LabelNames = Options.LabelNames });
        networks = NetworksOf(model, Options);
        Parameters = new ParameterStore(model.Device, networks.SelectMany(network => network.ParameterShapes));
        foreach (CodeNetwork network in networks)
            network.Attach(Parameters);
        Initialization.Fill(Parameters, seed);
    }

    /// <summary>Whose codes it is of.</summary>
    public Vae Model { get; }

    /// <summary>As given, checked.</summary>
    public GridPriorOptions Options { get; }

    /// <summary>All weights, by the names of their layers.</summary>
    public ParameterStore Parameters { get; }

    /// <summary>New images, [count, pixels]: codes drawn from the distribution, and decoded.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Of the draws; the first images are the same whatever the count.</param>
    /// <param name="label">The class of all of them; without it image i has the class i mod classes.</param>
    /// <param name="temperature">Below 1 more probable codes are drawn, above 1 less probable ones.</param>
    /// <param name="cancellation">Asks to stop before the next place.</param>
    /// <exception cref="BadInputException">The prior does not know the class, or knows no classes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Count or temperature is not positive.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public float[] Generate(
        int count, ulong seed, int? label = null, double temperature = 1, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Array.MaxLength / Model.Options.Shape.Pixels);
        if (label is not null && Options.Classes == 0)
            throw new BadInputException(
                "This prior was not trained with labels, so it cannot be asked for one; train it with GridPriorOptions.Classes.");
        int[] labels = Options.Classes == 0 ? [] : [.. Enumerable.Range(0, count).Select(i => label ?? i % Options.Classes)];
        int[] numbers = new int[count * Model.Places];
        bool[] open = new bool[numbers.Length];
        Array.Fill(open, true);
        Draw(numbers, open, labels, seed, temperature, cancellation);
        float[] images = new float[count * Model.Options.Shape.Pixels];
        Model.DecodeNumbers(numbers, images, cancellation);
        return images;
    }

    /// <summary>
    /// Draws the codes of some places, row by row, under the condition of those before them: first in the top grid, where there are two.
    /// </summary>
    /// <param name="numbers">[n, places] in the order of <see cref="Vae.EncodeNumbers"/>, changed where they are open.</param>
    /// <param name="open">[n, places]: whether a place is to be drawn.</param>
    /// <param name="labels">[n], for a prior that is told them.</param>
    /// <param name="seed">Of the draws.</param>
    /// <param name="temperature">Below 1 more probable codes are drawn, above 1 less probable ones.</param>
    /// <param name="cancellation">Asks to stop before the next place.</param>
    /// <exception cref="BadInputException">Labels are missing, unknown, or the prior takes none.</exception>
    /// <exception cref="ArgumentException">The spans do not hold the same whole number of grids, or a number is of no code.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The temperature is not positive and finite.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public void Draw(
        Span<int> numbers, ReadOnlySpan<bool> open, ReadOnlySpan<int> labels, ulong seed, double temperature = 1,
        CancellationToken cancellation = default)
    {
        int places = Model.Places;
        if (numbers.Length == 0 || numbers.Length % places != 0 || open.Length != numbers.Length)
            throw new ArgumentException(
                $"{numbers.Length} codes and {open.Length} marks are not those of the same number of images with {places} each.");
        if (!(temperature is > 0 and < double.PositiveInfinity))
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "A temperature is positive and finite.");
        foreach (int number in numbers)
            if (number < 0 || number >= Model.Options.CodeCount)
                throw new ArgumentException($"{number} is no code of 0 to {Model.Options.CodeCount - 1}.", nameof(numbers));
        int count = numbers.Length / places;
        classes.RequireCount(labels.Length, count);
        classes.RequireKnown(labels);
        using DeviceGate.Scope scope = Model.Device.Enter("GridPrior.Draw");
        for (int first = 0; first < count; first += LargestDraw)
        {
            int images = Math.Min(LargestDraw, count - first);
            var part = new Range(first * places, (first + images) * places);
            ReadOnlySpan<int> ofPart = labels.IsEmpty ? labels : labels.Slice(first, images);
            DrawPart(numbers[part], open[part], ofPart, first, seed, temperature, cancellation);
        }
    }

    /// <summary>−ln p of the codes of images, nats per image.</summary>
    /// <param name="images">Of the model's shape; with labels, where the prior is told them.</param>
    /// <param name="cancellation">Asks to stop between two batches.</param>
    /// <exception cref="BadInputException">The images are not of the model's shape, or have not the labels.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public double Evaluate(ImageSet images, CancellationToken cancellation = default)
    {
        images = Require(images);
        using DeviceGate.Scope scope = Model.Device.Enter("GridPrior.Evaluate");
        int[] order = [.. Enumerable.Range(0, images.Count)];
        int steps = (images.Count + LargestDraw - 1) / LargestDraw;
        using var feed = new BatchFeed(Model.Device, images, LargestDraw, steps);
        using var schedules = new BatchSchedules(Model.Device, feed, batch =>
        {
            var builder = new ScheduleBuilder(batch);
            (PlannedTensor terms, _) = AppendLoss(builder, feed, default);
            PlannedTensor none = AppendZero(builder);
            Kernels.Training.StepEnd end = Model.Device.Kernels.StepEnd;
            builder.Add("log loss", terms.Length, 4.0 * terms.Length, [terms, none], stream => end.Close(stream, feed.LogOf(terms, none)));
            return builder;
        });
        float[] log = new float[2 * steps];
        feed.StartEpoch(0, 0, order, log);
        for (int step = 0; step < steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            schedules.Run(step);
        }
        feed.ReadLog(log);
        double sum = 0;
        for (int i = 0; i < log.Length; i += 2)
            sum += log[i];
        return sum / images.Count;
    }

    /// <summary>Waits for the device and frees the weights; the model stays.</summary>
    /// <exception cref="InvalidOperationException">Another thread is using the device; nothing is freed.</exception>
    public void Dispose()
    {
        if (isDisposed)
            return;
        using DeviceGate.Scope scope = Model.Device.EnterToDispose("GridPrior.Dispose");
        Parameters.Dispose();
        isDisposed = true;
    }

    /// <summary>The number of a class, by its name or its number.</summary>
    /// <exception cref="BadInputException">The prior does not know it; the message lists those that it knows.</exception>
    public int LabelNumber(string label) => classes.NumberOf(label);

    /// <summary>The images, with their labels numbered as in the prior where it is told them.</summary>
    internal ImageSet Require(ImageSet images) => classes.Require(Model.Require(images));

    /// <summary>Appends the way of a batch to the terms of its loss, and gives the way back to the gradients.</summary>
    /// <param name="builder">Where to.</param>
    /// <param name="feed">The images.</param>
    /// <param name="gradients">Laid out like the parameters; empty where none are wanted.</param>
    internal (PlannedTensor Terms, Action Backward) AppendLoss(ScheduleBuilder builder, BatchFeed feed, ArrayView<float> gradients)
    {
        PlannedTensor images = feed.AppendBatch(builder, Model.Options.Shape.Pixels, Kernels.Training.Binarization.None, 0);
        PlannedTensor? labels = Options.Classes > 0 ? feed.AppendLabels(builder) : null;
        LayerContext ofModel = Model.ContextOf(builder);
        PlannedTensor vectors = builder.Tensor("encoder output", Model.Parts.Encoder.Outputs);
        Model.Parts.Encoder.Infer(ofModel, images, vectors, Model.Parts.Encoder.Activation);
        CodesPass codes = Model.Parts.Codes!.Forward(ofModel, LayerOutput.Of(vectors));
        LayerContext context = ContextOf(builder, labels) with { Gradients = gradients };
        // Grid after grid, and in each image after image.
        PlannedTensor terms = builder.Tensor("code terms", images.Rows, Model.Places);
        Action? ways = null;
        long first = 0;
        foreach ((CodeNetwork network, PlannedTensor indices) in networks.Zip(codes.Indices))
        {
            (PlannedTensor logits, Action<LayerContext, PlannedTensor> backward) =
                network.Forward(context, indices, network == networks[0] ? null : codes.Above);
            Kernels.Likelihoods.CategoricalLoss loss = Model.Device.Kernels.CategoricalLoss;
            float scale = 1f / images.Rows;
            long from = first;
            builder.Add(
                "code loss", 20.0 * logits.Length, 8.0 * logits.Length, [logits, indices, terms],
                stream => loss.Run(stream, logits.View, indices.View, terms.View.SubView(from, indices.Length), scale));
            ways += () => backward(context, logits);
            first += indices.Length;
        }
        return (terms, ways!);
    }

    /// <summary>Appends a 0, the second term of a loss that has one alone.</summary>
    internal PlannedTensor AppendZero(ScheduleBuilder builder)
    {
        PlannedTensor none = builder.Tensor("no second term", 1, 1);
        RandomFill fill = Model.Device.Kernels.RandomFill;
        builder.Add("no second term", 0, 4, [none], stream => fill.Uniform(stream, none.View, 0, RandomPurpose.Code, 0, 0, 0));
        return none;
    }

    private static CodeNetwork[] NetworksOf(Vae model, GridPriorOptions options)
    {
        IReadOnlyList<ImageShape> grids = model.Options.Grids;
        return [.. grids.Select((grid, level) => NetworkOf(model, options, grid, level))];
    }

    private static CodeNetwork NetworkOf(Vae model, GridPriorOptions options, ImageShape grid, int level)
    {
        string name = model.Options.TopGrid is null ? "prior" : level == 0 ? "prior.top" : "prior.bottom";
        int codes = model.Options.CodeCount, above = level == 0 ? 0 : model.Options.CodeWidth;
        return options.Network switch
        {
            CodeNetworkKind.Transformer => new CausalTransformer(grid, codes, options, name, above),
            _ => new GatedPixelCnn(
                grid, codes, options,
                (builder, indices) => model.Parts.Codes!.Lookup(model.ContextOf(builder), level, indices), name, above),
        };
    }

    private LayerContext ContextOf(ScheduleBuilder builder, PlannedTensor? labels) =>
        new(builder, Model.Device.Kernels, Parameters.Values, Labels: labels);

    private void DrawPart(
        Span<int> numbers, ReadOnlySpan<bool> open, ReadOnlySpan<int> labels, int firstImage, ulong seed, double temperature,
        CancellationToken cancellation)
    {
        ComputeDevice device = Model.Device;
        int all = Model.Places, images = numbers.Length / all, before = 0;
        using MemoryBuffer1D<float, Stride1D.Dense>? ofLabels =
            labels.IsEmpty ? null : device.Accelerator.Allocate1D(Array.ConvertAll(labels.ToArray(), label => (float)label));
        float[] drawn = [];
        for (int level = 0; level < networks.Length; level++)
        {
            ImageShape grid = Model.Options.Grids[level];
            int places = grid.Width * grid.Height;
            using MemoryBuffer1D<float, Stride1D.Dense>? above = level == 0 ? null : Above(drawn, images);
            drawn = new float[images * places];
            bool[] ofGrid = new bool[drawn.Length];
            for (int i = 0; i < drawn.Length; i++)
            {
                int at = i / places * all + before + i % places;
                (drawn[i], ofGrid[i]) = (numbers[at], open[at]);
            }
            DrawGrid(
                networks[level], drawn, ofGrid, above, ofLabels,
                new DrawPlace(places, 0, firstImage, (float)(1 / temperature), seed, before), cancellation);
            for (int i = 0; i < drawn.Length; i++)
                numbers[i / places * all + before + i % places] = (int)drawn[i];
            before += places;
        }
    }

    /// <summary>What top codes say of the places of the bottom grid.</summary>
    private MemoryBuffer1D<float, Stride1D.Dense> Above(float[] topNumbers, int images)
    {
        ComputeDevice device = Model.Device;
        using MemoryBuffer1D<float, Stride1D.Dense> numbers = device.Accelerator.Allocate1D(topNumbers);
        var builder = new ScheduleBuilder(images);
        PlannedTensor seen = Model.Parts.Codes!.Above(
            Model.ContextOf(builder), ScheduleBuilder.Fixed("top numbers", numbers.View, images));
        MemoryBuffer1D<float, Stride1D.Dense> above = device.Accelerator.Allocate1D<float>(seen.Length);
        builder.Add("keep", 0, 8.0 * seen.Length, [seen], stream => seen.View.CopyTo(stream, above.View.BaseView));
        using MemoryBuffer1D<float, Stride1D.Dense> arena = device.Accelerator.Allocate1D<float>(builder.Plan());
        using Schedule schedule = builder.Bind(arena.View);
        schedule.Run(device.Stream);
        device.Stream.Synchronize();
        return above;
    }

    /// <summary>Draws the open ones of the numbers [images, places] of one grid.</summary>
    private void DrawGrid(
        CodeNetwork network, float[] numbers, bool[] open, MemoryBuffer1D<float, Stride1D.Dense>? above,
        MemoryBuffer1D<float, Stride1D.Dense>? ofLabels, DrawPlace at, CancellationToken cancellation)
    {
        ComputeDevice device = Model.Device;
        AcceleratorStream stream = device.Stream;
        int places = at.Places, images = numbers.Length / places;
        using MemoryBuffer1D<float, Stride1D.Dense> indices = device.Accelerator.Allocate1D(numbers);
        using MemoryBuffer1D<float, Stride1D.Dense> marks =
            device.Accelerator.Allocate1D(Array.ConvertAll(open, isOpen => isOpen ? 1f : 0f));
        var builder = new ScheduleBuilder(images);
        LayerContext context = ContextOf(builder, ofLabels is null ? null : ScheduleBuilder.Fixed("labels", ofLabels.View, images));
        int place = 0;
        PlannedTensor logits = network.AppendNext(
            context, ScheduleBuilder.Fixed("code indices", indices.View, images),
            above is null ? null : ScheduleBuilder.Fixed("above", above.View, images), () => place);
        // Read after the schedule: so its memory stays until then.
        builder.Add("logits", 0, 0, [logits], _ => { });
        using MemoryBuffer1D<float, Stride1D.Dense> arena = device.Accelerator.Allocate1D<float>(builder.Plan());
        using Schedule schedule = builder.Bind(arena.View);
        CategoricalDraw draw = device.Kernels.CategoricalDraw;
        int end = places;
        while (end > 0 && !IsOpen(end - 1))
            end--;
        for (; place < end; place++)
        {
            if (!IsOpen(place) && !network.TakesEveryPlace)
                continue;
            cancellation.ThrowIfCancellationRequested();
            schedule.Run(stream);
            if (IsOpen(place))
                draw.Run(stream, logits.View, marks.View, indices.View, at with { Place = place });
        }
        indices.View.BaseView.Download(stream, numbers.AsSpan());

        bool IsOpen(int ofPlace)
        {
            for (int i = ofPlace; i < open.Length; i += places)
                if (open[i])
                    return true;
            return false;
        }
    }
}
