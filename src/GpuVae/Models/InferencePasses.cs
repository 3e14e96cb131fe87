using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Models;

/// <summary>The ways through a model without its training.</summary>
internal enum Direction
{
    /// <summary>Images to the moments of q(z|x).</summary>
    Encode,

    /// <summary>Images to the encoder's columns, the parameters of q(z|x).</summary>
    EncodeAll,

    /// <summary>Codes to means of p(x|z).</summary>
    Decode,

    /// <summary>Codes to the decoder's columns, the parameters of p(x|z).</summary>
    Describe,

    /// <summary>Images to means of p(x|z).</summary>
    Reconstruct,

    /// <summary>Images to the numbers of their discrete codes.</summary>
    Number,

    /// <summary>Numbers of discrete codes to means of p(x|z).</summary>
    DecodeNumbers,
}

/// <summary>The inference passes of a model, made for the batch sizes that they are asked for and then kept.</summary>
internal sealed class InferencePasses(Vae model, ClassLabels classes) : IDisposable
{
    // Larger inputs are worked through in chunks of this many images, which is enough to fill any of the devices.
    private readonly int largestPass = ImagesAtOnce(model.Options.Shape, 512);

    // A program that decodes batches of ever new sizes must not collect a schedule for each of them for ever.
    private const int PassesKept = 64;

    private readonly Dictionary<(Direction Direction, int Batch), InferencePass> passes = [];

    /// <summary>
    /// <paramref name="most"/>, halved until the activations of so many images are no longer hundreds of megabytes.
    /// </summary>
    public static int ImagesAtOnce(ImageShape shape, int most)
    {
        const int enough = 64, values = 1 << 20;
        int images = most;
        while (images > enough && (long)images * shape.Pixels > values)
            images /= 2;
        return images;
    }

    /// <summary>Rows of two blocks of memory that must have the same number of them.</summary>
    /// <exception cref="ArgumentException">They have not, or no whole number.</exception>
    public static int Rows(long inputLength, int inputColumns, long outputLength, int outputColumns)
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

    /// <summary>Runs on host memory and waits; may be asked to stop before each part.</summary>
    public void Run(
        Direction direction, ReadOnlySpan<float> input, Span<float> output, ReadOnlySpan<int> labels, CancellationToken cancellation)
    {
        int inputs = Inputs(direction), outputs = Outputs(direction), count = Rows(input.Length, inputs, output.Length, outputs);
        classes.RequireCount(labels.Length, count);
        classes.RequireKnown(labels);
        for (int start = 0; start < count; start += largestPass)
        {
            cancellation.ThrowIfCancellationRequested();
            int batch = Math.Min(largestPass, count - start);
            Pass(direction, batch).Run(
                input.Slice(start * inputs, batch * inputs), output.Slice(start * outputs, batch * outputs),
                labels.IsEmpty ? labels : labels.Slice(start, batch));
        }
    }

    /// <summary>Enqueues the way on memory of the device.</summary>
    public void Run(Direction direction, ArrayView<float> input, ArrayView<float> output, ArrayView<float> labels)
    {
        int inputs = Inputs(direction), outputs = Outputs(direction), count = Rows(input.Length, inputs, output.Length, outputs);
        classes.RequireCount(labels.Length, count);
        for (int start = 0; start < count; start += largestPass)
        {
            int batch = Math.Min(largestPass, count - start);
            Pass(direction, batch).Run(
                Part(input, start, batch, inputs), Part(output, start, batch, outputs),
                labels.Length == 0 ? labels : Part(labels, start, batch, 1));
        }
    }

    /// <summary>Enqueues the way, and after each part of it what <paramref name="use"/> makes of the output from a first row on.</summary>
    public void Run(
        Direction direction, ArrayView<float> input, ArrayView<float> labels, Action<int, ArrayView<float>> use,
        CancellationToken cancellation = default)
    {
        int inputs = Inputs(direction), count = (int)(input.Length / inputs);
        classes.RequireCount(labels.Length, count);
        for (int start = 0; start < count; start += largestPass)
        {
            cancellation.ThrowIfCancellationRequested();
            int batch = Math.Min(largestPass, count - start);
            use(start, Pass(direction, batch).Run(
                Part(input, start, batch, inputs), labels.Length == 0 ? labels : Part(labels, start, batch, 1)));
        }
    }

    public void Dispose()
    {
        if (passes.Count > 0)
            model.Device.Drain();
        foreach (InferencePass pass in passes.Values)
            pass.Dispose();
        passes.Clear();
    }

    private static ArrayView<float> Part(ArrayView<float> rows, int first, int count, int columns) =>
        rows.SubView((long)first * columns, (long)count * columns);

    private int Inputs(Direction direction) => direction switch
    {
        Direction.Decode or Direction.Describe => model.Options.Latent,
        Direction.DecodeNumbers => model.Options.Places,
        _ => model.Options.Shape.Pixels,
    };

    private int Outputs(Direction direction) => direction switch
    {
        Direction.Encode => 2 * model.Options.Latent,
        Direction.EncodeAll => model.Parts.Encoder.Outputs,
        Direction.Describe => model.Parts.Decoder.Outputs,
        Direction.Number => model.Options.Places,
        _ => model.Options.Shape.Pixels,
    };

    private InferencePass Pass(Direction direction, int batch)
    {
        if (passes.TryGetValue((direction, batch), out InferencePass? pass))
            return pass;
        if (passes.Count >= PassesKept)
            Dispose();
        var builder = new ScheduleBuilder(batch);
        PlannedTensor? labels = model.Options.Classes > 0 ? builder.External("labels", 1) : null;
        LayerContext context = model.ContextOf(builder, labels);
        PlannedTensor input = builder.External("input", Inputs(direction)), output = builder.External("output", Outputs(direction));
        Append(direction, context, input, output);
        return passes[(direction, batch)] = new InferencePass(model.Device, builder, input, output, labels);
    }

    private void Append(Direction direction, LayerContext context, PlannedTensor input, PlannedTensor output)
    {
        switch (direction)
        {
            case Direction.Encode when model.Options.HasNoNoise:
                AppendVectors(context, input, output);
                break;
            case Direction.Encode when model.Options.IsHierarchical:
                PlannedTensor contexts = context.Builder.Tensor("encoder output", model.Parts.Encoder.Outputs);
                model.Parts.Encoder.Infer(context, input, contexts, model.Parts.Encoder.Activation);
                AppendColumns(context, model.Parts.Posterior.Center(context, contexts), output, output.Columns);
                break;
            case Direction.Encode when model.Parts.Encoder.Outputs > output.Columns:
                AppendMoments(context, input, output);
                break;
            case Direction.Encode or Direction.EncodeAll:
                model.Parts.Encoder.Infer(context, input, output, model.Parts.Encoder.Activation);
                break;
            case Direction.Decode:
                model.Parts.Likelihood.AppendMeans(context, input, output);
                break;
            case Direction.Describe:
                PlannedTensor codes = model.Parts.Codes?.Forward(context, LayerOutput.Of(input)).DecoderInput ?? input;
                model.Parts.Decoder.Infer(context, codes, output, null);
                break;
            case Direction.Number:
                PlannedTensor vectors = context.Builder.Tensor("encoder output", model.Parts.Encoder.Outputs);
                model.Parts.Encoder.Infer(context, input, vectors, model.Parts.Encoder.Activation);
                int first = 0;
                foreach (PlannedTensor indices in model.Parts.Codes!.Forward(context, LayerOutput.Of(vectors)).Indices)
                {
                    Columns.Put(context, indices, output, first);
                    first += indices.Columns;
                }
                break;
            case Direction.DecodeNumbers:
                model.Parts.Likelihood.AppendMeansOfCodes(context, model.Parts.Codes!.Lookup(context, input), output);
                break;
            default:
                // The decoder takes the means out of the encoder's rows where they lie.
                PlannedTensor encoded = context.Builder.Tensor("encoder output", model.Parts.Encoder.Outputs);
                model.Parts.Encoder.Infer(context, input, encoded, model.Parts.Encoder.Activation);
                model.Parts.Likelihood.AppendMeans(context, model.Parts.Posterior.Center(context, encoded), output);
                break;
        }
    }

    /// <summary>
    /// Appends the way from images to the first 2·latent columns of a wider encoder, with the posterior's center as means.
    /// </summary>
    private void AppendMoments(LayerContext context, PlannedTensor images, PlannedTensor moments)
    {
        PlannedTensor encoded = context.Builder.Tensor("encoder output", images.Rows, model.Parts.Encoder.Outputs);
        model.Parts.Encoder.Infer(context, images, encoded, model.Parts.Encoder.Activation);
        AppendColumns(context, encoded, moments, moments.Columns);
        if (model.Parts.Posterior.Center(context, encoded) is var center && center != encoded)
            AppendColumns(context, center, moments, model.Options.Latent);
    }

    /// <summary>Appends the way from images to what their discrete codes are made of, with the least log-variance beside each.</summary>
    private void AppendVectors(LayerContext context, PlannedTensor images, PlannedTensor moments)
    {
        PlannedTensor vectors = context.Builder.Tensor("encoder output", images.Rows, model.Parts.Encoder.Outputs);
        model.Parts.Encoder.Infer(context, images, vectors, model.Parts.Encoder.Activation);
        RandomFill fill = context.Kernels.RandomFill;
        context.Builder.Add("no variance", 0, 4.0 * moments.Length, [moments], stream => fill.Uniform(
            stream, moments.View, 0, RandomPurpose.Latent, 0, LogVariance.Min, LogVariance.Min));
        AppendColumns(context, vectors, moments, vectors.Columns);
    }

    private static void AppendColumns(LayerContext context, PlannedTensor from, PlannedTensor to, int columns)
    {
        ColumnCopy copy = context.Kernels.ColumnCopy;
        context.Builder.Add(
            $"copy {from.Name}", 0, 8.0 * from.Rows * columns, [from, to],
            stream => copy.Run(stream, from.View, from.Columns, to.View, to.Columns, columns));
    }
}
