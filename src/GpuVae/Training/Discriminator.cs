using GpuVae.Devices;
using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Training;

/// <summary>
/// The network that a model is trained against, with all that its own training keeps on the device: weights, the directions of their
/// spectral norms, gradients, Adam's moments, a clock of its own and a log. No part of the model, and in no file of it.
/// </summary>
/// <remarks>
/// Its weights are divided by their spectral norms rather than its gradients penalised (R1): a penalty on the gradient at the images has to
/// be differentiated once more for the weights, by a second way back for every kernel.
/// </remarks>
internal sealed class Discriminator : IDisposable
{
    // Before the first step, so that the norms are near the true ones from the start.
    private const int FirstRounds = 15;

    // Half the usual memory (Esser et al. 2021): what it is to learn moves on with the model.
    private const double Beta1 = 0.5, Beta2 = 0.9;

    // Images from 0 to 1 have about a quarter of the deviation of standardised ones, and normalised weights can make no more of it: where
    // all that differs is how sharp they are, scores would lie too near to each other for the hinge.
    private const float FirstGain = 4;

    // Of its weights, so that they are not the model's own.
    private const ulong SeedOffset = 0xD15C_0000_0000_0000;

    private readonly ComputeDevice device;
    private readonly AdversarialOptions options;
    private readonly Network network;
    private readonly List<SpectralNorm> norms = [];
    private readonly MemoryBuffer1D<float, Stride1D.Dense> normalized, gradients, ofOthers, firstMoment, secondMoment, directions, scratch;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> rate, hingeLog, scoreLog;
    private readonly MemoryBuffer1D<long, Stride1D.Dense> clock;
    private readonly Adam adam;

    /// <param name="device">Where to.</param>
    /// <param name="shape">Of the images.</param>
    /// <param name="options">Checked.</param>
    /// <param name="seed">Of its first weights.</param>
    /// <param name="logEntries">Steps that the log holds before the oldest is overwritten.</param>
    public Discriminator(ComputeDevice device, ImageShape shape, AdversarialOptions options, ulong seed, int logEntries)
    {
        (this.device, this.options) = (device, options);
        network = PatchDiscriminator.Create(shape, options.Channels);
        Parameters = new ParameterStore(device, network.ParameterShapes);
        Accelerator accelerator = device.Accelerator;
        AcceleratorStream stream = device.Stream;
        try
        {
            network.Attach(Parameters);
            Initialization.Fill(Parameters, seed ^ SeedOffset);
            long length = Parameters.Values.Length;
            DeviceMemory.Require(device, 5 * length, "the discriminator's weights, gradients and moments");
            normalized = accelerator.Allocate1D<float>(length);
            gradients = accelerator.Allocate1D<float>(length);
            ofOthers = accelerator.Allocate1D<float>(length);
            firstMoment = accelerator.Allocate1D<float>(length);
            secondMoment = accelerator.Allocate1D<float>(length);
            foreach (MemoryBuffer1D<float, Stride1D.Dense> buffer in
                (MemoryBuffer1D<float, Stride1D.Dense>[])[normalized, gradients, ofOthers, firstMoment, secondMoment])
                buffer.View.MemSetToZero(stream);
            rate = accelerator.Allocate1D<float>(1);
            clock = accelerator.Allocate1D<long>(3);
            (hingeLog, scoreLog) = (accelerator.Allocate1D<float>(2 * logEntries), accelerator.Allocate1D<float>(2 * logEntries));

            long rows = 0, most = 0;
            foreach (Parameter weight in Parameters.Parameters.Where(parameter => parameter.Shape.Count > 1))
            {
                int columns = weight.Shape[0], ofWeight = weight.Length / columns;
                norms.Add(new SpectralNorm(weight, rows, ofWeight, columns));
                rows += ArenaPlan.Align(ofWeight);
                most = Math.Max(most, ArenaPlan.Align(ofWeight));
            }
            directions = accelerator.Allocate1D<float>(rows);
            // v of each weight, then the parts of a sum over the rows of one.
            long columnsOfAll = norms.Sum(norm => ArenaPlan.Align(norm.Columns));
            scratch = accelerator.Allocate1D<float>(columnsOfAll + most);
            Start(seed);
            adam = new Adam(accelerator, new AdamOptions { Beta1 = Beta1, Beta2 = Beta2 });
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Its weights, as they are learned.</summary>
    public ParameterStore Parameters { get; }

    /// <summary>Of the last step, laid out like the weights.</summary>
    public ArrayView<float> Gradients => gradients.View;

    /// <summary>[all], laid out like the weights.</summary>
    public ArrayView<float> FirstMoment => firstMoment.View;

    /// <inheritdoc cref="FirstMoment"/>
    public ArrayView<float> SecondMoment => secondMoment.View;

    /// <summary>The left singular vectors of all weights times their singular values, as far as the power method has come.</summary>
    public ArrayView<float> Directions => directions.View;

    /// <summary>One element on the device: its own steps before the one under way.</summary>
    public ArrayView<long> Step => clock.View.SubView(0, 1);

    /// <summary>Floats on the device.</summary>
    public long Length => 6 * Parameters.Values.Length + directions.Length + scratch.Length;

    /// <summary>Scores of an image.</summary>
    public int Places => network.Outputs;

    /// <summary>Sets the clock and the learning rate.</summary>
    /// <param name="steps">Of its own training, done so far.</param>
    /// <param name="share">Of the learning rate with which it begins.</param>
    public void StartEpoch(long steps, double share)
    {
        clock.View.BaseView.Upload<long>(device.Stream, [steps, 0, 0]);
        rate.View.BaseView.Upload<float>(device.Stream, [(float)(share * options.LearningRate)]);
    }

    /// <summary>
    /// Copies the log, per entry (its step mod entries) sums over the batch: hinge terms of images and of reconstructions in the one, the
    /// reconstructions' scores and the adaptive weight in the other; waits for the device.
    /// </summary>
    public void ReadLog(float[] hinges, float[] scores)
    {
        hingeLog.View.BaseView.Download(device.Stream, hinges);
        scoreLog.View.BaseView.Download(device.Stream, scores);
    }

    /// <summary>
    /// Appends what it says of images and of their reconstructions, both [batch, pixels]; gives ∂loss/∂reconstructions of the loss by which
    /// the model is to make it wrong, and what appends its own step of training.
    /// </summary>
    public (PlannedTensor DImages, Action<PlannedTensor> AppendUpdate) Append(
        ScheduleBuilder builder, PlannedTensor images, PlannedTensor reconstructions)
    {
        DeviceKernels kernels = device.Kernels;
        AppendNormalization(builder);
        var context = new LayerContext(builder, kernels, normalized.View);
        List<LayerPass> ofImages = Forward(context, images), ofOther = Forward(context, reconstructions);
        int batch = images.Rows;
        float mean = 1f / (batch * Places);

        PlannedTensor toFool = builder.Tensor("gradient of the scores", batch, Places);
        builder.Add("generator's loss", toFool.Length, 4.0 * toFool.Length, [toFool], stream =>
            kernels.HingeLoss.Generate(stream, mean, toFool.View));
        PlannedTensor dImages = Backward(context, ofOther, toFool, wantsImages: true, ofImages)!;
        return (dImages, AppendUpdate);

        void AppendUpdate(PlannedTensor weight)
        {
            PlannedTensor scores = ofOther[^1].Output.Value;
            (PlannedTensor hingeOfImages, PlannedTensor dScoresOfImages) = Hinge(builder, ofImages, areImages: true, mean);
            (PlannedTensor hingeOfOther, PlannedTensor dScoresOfOther) = Hinge(builder, ofOther, areImages: false, mean);
            Backward(context with { Gradients = gradients.View }, ofImages, dScoresOfImages, wantsImages: false);
            Backward(context with { Gradients = ofOthers.View }, ofOther, dScoresOfOther, wantsImages: false);
            AppendGradient(builder);
            long count = Parameters.Count;
            builder.Add(
                "Adam of the discriminator + log", 14.0 * count, 28.0 * count, [scores, weight, hingeOfImages, hingeOfOther],
                stream =>
                {
                    // The step that opened before all of this; both close it.
                    clock.View.SubView(0, 1).CopyTo(stream, clock.View.SubView(2, 1));
                    kernels.StepEnd.Close(stream, new StepLog(clock.View, scores.View, weight.View, scoreLog.View));
                    adam.Update(
                        stream, Parameters.Values, gradients.View, firstMoment.View, secondMoment.View, rate.View, rate.View,
                        new StepLog(clock.View, hingeOfImages.View, hingeOfOther.View, hingeLog.View));
                });
        }
    }

    public void Dispose()
    {
        foreach (IDisposable? buffer in (IEnumerable<IDisposable?>)
            [normalized, gradients, ofOthers, firstMoment, secondMoment, directions, scratch, rate, hingeLog, scoreLog, clock])
            buffer?.Dispose();
        Parameters.Dispose();
    }

    private void Start(ulong seed)
    {
        float[] start = new float[directions.Length];
        for (int i = 0; i < start.Length; i++)
            start[i] = Philox.NormalAt(seed ^ SeedOffset, RandomPurpose.Initialization, 1, 0, i);
        directions.View.BaseView.Upload<float>(device.Stream, start);
        int at = 0;
        foreach (SpectralNorm norm in norms)
        {
            (norm.U, norm.V) = (directions.View.SubView(norm.First, norm.Rows), scratch.View.SubView(at, norm.Columns));
            at += (int)ArenaPlan.Align(norm.Columns);
            for (int round = 0; round < FirstRounds; round++)
                device.Kernels.SpectralNormalization.Iterate(
                    device.Stream, ParameterStore.Slice(Parameters.Values, norm.Weight), norm.U, norm.V);
        }
    }

    private void AppendNormalization(ScheduleBuilder builder)
    {
        SpectralNormalization kernel = device.Kernels.SpectralNormalization;
        ArrayView<float> from = Parameters.Values, to = normalized.View;
        builder.Add("spectral normalisation", 5.0 * from.Length, 16.0 * from.Length, [], stream =>
        {
            // Biases stay as they are.
            from.CopyTo(stream, to);
            foreach (SpectralNorm norm in norms)
            {
                kernel.Iterate(stream, ParameterStore.Slice(from, norm.Weight), norm.U, norm.V);
                kernel.Apply(
                    stream, ParameterStore.Slice(from, norm.Weight), norm.U, GainOf(norm), ParameterStore.Slice(to, norm.Weight));
            }
        });
    }

    /// <summary>Appends the sum of the gradients of both halves, taken back to the weights that are learned.</summary>
    private void AppendGradient(ScheduleBuilder builder)
    {
        DeviceKernels kernels = device.Kernels;
        int most = norms.Max(norm => norm.Rows);
        ArrayView<float> parts = scratch.View.SubView(scratch.Length - most, most);
        builder.Add("gradient of the discriminator", 6.0 * gradients.Length, 24.0 * gradients.Length, [], stream =>
        {
            kernels.Addition.Forward(stream, gradients.View, ofOthers.View, gradients.View, gradients.View);
            foreach (SpectralNorm norm in norms)
                kernels.SpectralNormalization.Backward(
                    stream, ParameterStore.Slice(normalized.View, norm.Weight), norm.U, norm.V, GainOf(norm), parts.SubView(0, norm.Rows),
                    ParameterStore.Slice(gradients.View, norm.Weight));
        });
    }

    private float GainOf(SpectralNorm norm) => norm == norms[0] ? FirstGain : 1f;

    private List<LayerPass> Forward(LayerContext context, PlannedTensor images)
    {
        var passes = new List<LayerPass>();
        var x = LayerOutput.Of(images);
        foreach (Layer layer in network.Layers)
        {
            passes.Add(layer.Forward(context, x));
            x = passes[^1].Output;
        }
        return passes;
    }

    /// <summary>
    /// Appends the way back; with <paramref name="targets"/>, the passes of the images, also that of the distance of the features.
    /// </summary>
    private PlannedTensor? Backward(
        LayerContext context, List<LayerPass> passes, PlannedTensor dScores, bool wantsImages, List<LayerPass>? targets = null)
    {
        int first = network.Layers[0] is Reordering && !wantsImages ? 1 : 0;
        PlannedTensor? gradient = dScores;
        for (int i = passes.Count - 1; i >= first; i--)
        {
            gradient = passes[i].Backward(context, gradient!, wantsInput: wantsImages || i > first);
            if (targets is not null && options.FeatureMatching > 0 && i > 0 && passes[i - 1].Output.Activation is not null)
                AppendMatching(context, passes[i - 1].Output, targets[i - 1].Output.Value, gradient!);
        }
        return gradient;
    }

    private void AppendMatching(LayerContext context, LayerOutput features, PlannedTensor target, PlannedTensor gradient)
    {
        FeatureMatching<Kernels.Common.LeakyRelu> kernel = context.Kernels.FeatureMatching;
        float scale = (float)(2 * options.FeatureMatching / features.Value.Length);
        (PlannedTensor value, PlannedTensor saved) = (features.Value, features.Saved);
        context.Builder.Add(
            "feature matching", 4.0 * gradient.Length, 20.0 * gradient.Length, [target, value, saved, gradient],
            stream => kernel.AddGradient(stream, target.View, value.View, saved.View, scale, gradient.View));
    }

    private (PlannedTensor Terms, PlannedTensor Gradient) Hinge(
        ScheduleBuilder builder, List<LayerPass> passes, bool areImages, float mean)
    {
        HingeLoss kernel = device.Kernels.HingeLoss;
        PlannedTensor scores = passes[^1].Output.Value;
        PlannedTensor terms = builder.Tensor("hinge terms", scores.Rows, Places);
        PlannedTensor gradient = builder.Tensor("gradient of the scores", scores.Rows, Places);
        builder.Add(
            "discriminator's loss", 3.0 * scores.Length, 12.0 * scores.Length, [scores, terms, gradient],
            stream => kernel.Discriminate(stream, scores.View, areImages, mean, terms.View, gradient.View));
        return (terms, gradient);
    }

    /// <summary>A weight with its singular vectors.</summary>
    private sealed class SpectralNorm(Parameter weight, long first, int rows, int columns)
    {
        public Parameter Weight => weight;

        /// <summary>Of the rows of all.</summary>
        public long First => first;

        public int Rows => rows;

        public int Columns => columns;

        public ArrayView<float> U { get; set; }

        public ArrayView<float> V { get; set; }
    }
}
