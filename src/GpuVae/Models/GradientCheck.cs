using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Kernels.Random;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Models;

/// <summary>A derivative that the caller's code gives, beside what finite differences give in its place.</summary>
/// <param name="Where">Of which number, and at which.</param>
/// <param name="Given">What the code gives.</param>
/// <param name="Numeric">(f(x + h) − f(x − h)) / 2h, extrapolated to h = 0; f in float32, the difference in double.</param>
/// <param name="Scale">What counts as large there: the greatest derivative of its kind, or the norm of a gradient.</param>
public readonly record struct GradientDifference(string Where, double Given, double Numeric, double Scale)
{
    /// <summary>|given − numeric| / scale: below 0.01 where the code is right, at kinks aside.</summary>
    public double RelativeError =>
        double.IsFinite(Given) && double.IsFinite(Numeric) ? Math.Abs(Given - Numeric) / Math.Max(Scale, 1e-6) : double.PositiveInfinity;
}

/// <summary>
/// Compares the derivatives of the caller's own parts with finite differences. Each check gives the worst difference that it found.
/// </summary>
public static class GradientCheck
{
    private const float Step = 1f / 64;

    /// <summary>
    /// The derivatives of the loss and of the mean, for x in [0, 1] and y in [-3, 3].
    /// </summary>
    public static GradientDifference Likelihood<T>(T likelihood)
        where T : struct, ILikelihood
    {
        var all = new List<GradientDifference>();
        foreach (float x in (float[])[0f, 0.3f, 1f])
            all.AddRange(OnLine($"loss of x = {x}", -3, 3, y => likelihood.Of(y, x).Derivative, y => likelihood.Of(y, x).Loss));
        all.AddRange(OnLine("mean", -3, 3, likelihood.MeanDerivative, likelihood.Mean));
        return Worst(all);
    }

    /// <summary>The same of the location and the scale of a family, its scale's logarithm in [-2, 2].</summary>
    public static GradientDifference Family<T>()
        where T : struct, ILocationScale
    {
        var all = new List<GradientDifference>();
        foreach (float x in (float[])[0f, 0.3f, 1f])
            foreach (float fixedValue in (float[])[-1.5f, 0.1f, 1.2f])
            {
                all.AddRange(OnLine(
                    $"loss of x = {x}, scale {fixedValue}, location", -3, 3, y => T.Of(y, fixedValue, x).LocationDerivative,
                    y => T.Of(y, fixedValue, x).Loss));
                all.AddRange(OnLine(
                    $"loss of x = {x}, location {fixedValue}, scale", -2, 2, s => T.Of(fixedValue, s, x).ScaleDerivative,
                    s => T.Of(fixedValue, s, x).Loss));
            }
        return Worst(all);
    }

    /// <summary>The derivative of a function, for x in [-4, 4].</summary>
    public static GradientDifference Function<T>()
        where T : struct, IActivation =>
        Worst(OnLine("f", -4, 4, x => T.Derivative(T.DerivativeFromOutput ? T.Apply(x) : x), T.Apply));

    /// <summary>The derivative of log p, for z in [-4, 4].</summary>
    public static GradientDifference Prior<T>(T density)
        where T : struct, ICodeDensity =>
        Worst(OnLine("log p", -4, 4, z => density.Of(z).Derivative, z => density.Of(z).LogDensity));

    /// <summary>
    /// The way back of a layer at random x and w, all of whose derivatives are looked at; for layers of some dozen columns.
    /// </summary>
    /// <param name="device">That the layer was made for.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="rows">Of the batch.</param>
    /// <param name="seed">Of x, w and ∂loss/∂y.</param>
    public static GradientDifference Layer(ComputeDevice device, CustomLayer layer, int rows = 3, int seed = 1)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(layer);
        using DeviceGate.Scope scope = device.Enter("GradientCheck.Layer");
        var random = new System.Random(seed);
        float[] x = Normal(rows * layer.Inputs), dy = Normal(rows * layer.Outputs), w = new float[layer.Weights];
        layer.Initialize(w);
        using MemoryBuffer1D<float, Stride1D.Dense> onDevice =
            device.Accelerator.Allocate1D<float>(2 * (x.Length + dy.Length + Math.Max(w.Length, 1)));
        int place = 0;
        ArrayView<float> xs = Take(x.Length), ys = Take(dy.Length), dys = Take(dy.Length), dxs = Take(x.Length), ws = Take(w.Length),
            dws = Take(w.Length);
        dys.CopyFromCPU(device.Stream, dy);
        Loss();
        layer.Backward(device.Stream, xs, ws, dys, dxs, dws);
        float[] dx = dxs.GetAsArray(device.Stream), dw = w.Length == 0 ? [] : dws.GetAsArray(device.Stream);
        return Worst([.. Differences("x", x, dx, Loss), .. Differences("w", w, dw, Loss)]);

        float[] Normal(int count) =>
            [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5))];

        ArrayView<float> Take(int length)
        {
            place += length;
            return length == 0 ? default : onDevice.View.BaseView.SubView(place - length, length);
        }

        double Loss()
        {
            xs.CopyFromCPU(device.Stream, x);
            if (w.Length > 0)
                ws.CopyFromCPU(device.Stream, w);
            layer.Forward(device.Stream, xs, ws, ys);
            return ys.GetAsArray(device.Stream).Zip(dy, (y, weight) => (double)y * weight).Sum();
        }
    }

    /// <summary>
    /// The gradient that a training step of the model takes, along random directions of each parameter: for a small model of any parts,
    /// without free bits, capacity, total correlation and penalty of the decoder, and some images. The model stays as it is.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="images">The batch; a handful.</param>
    /// <param name="seed">Of the noise and the directions.</param>
    /// <exception cref="BadInputException">The images are not of the model's shape, or its codes are discrete.</exception>
    public static GradientDifference Model(Vae model, ImageSet images, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Options.IsQuantized)
            throw new BadInputException(
                "The gradient that passes discrete codes is no derivative, so there is nothing to compare it with. Check the parts in a "
                + "model with VaeOptions.Quantization = None.");
        images = model.Require(images);
        using DeviceGate.Scope scope = model.Device.Enter("GradientCheck.Model");
        using var loss = new LossAndGradient(model, images, seed);
        loss.Run();
        // Every further run overwrites the gradients.
        float[][] gradients = [.. model.Parameters.Parameters.Select(loss.GradientOf)];
        // What is small beside the whole gradient drowns in the rounding of the loss.
        double least = 0.05 * Math.Sqrt(gradients.Sum(SumOfSquares));
        var random = new System.Random((int)seed);
        var all = new List<GradientDifference>();
        foreach ((Parameter parameter, float[] gradient) in model.Parameters.Parameters.Zip(gradients))
        {
            if (parameter.Name == CenteredInput.MeanName)
                continue;
            float[] start = model.Parameters.Read(parameter);
            double norm = Math.Max(Math.Sqrt(SumOfSquares(gradient)), least);
            try
            {
                for (int i = 0; i < 3; i++)
                {
                    float[] direction = [.. start.Select(_ => random.Next(2) == 0 ? -1f : 1f)];
                    double given = gradient.Zip(direction, (a, b) => (double)a * b).Sum();
                    double numeric = Extrapolated(
                        h =>
                        {
                            model.Parameters.Write(parameter, [.. start.Zip(direction, (a, b) => a + (float)h * b)]);
                            return loss.Run();
                        },
                        2 * Step / Math.Sqrt(start.Length));
                    all.Add(new GradientDifference($"{parameter.Name}, direction {i}", given, numeric, norm));
                }
            }
            finally
            {
                model.Parameters.Write(parameter, start);
            }
        }
        return Worst(all);
    }

    private static double SumOfSquares(float[] values) => values.Sum(value => (double)value * value);

    private static GradientDifference Worst(List<GradientDifference> all) => all.MaxBy(difference => difference.RelativeError);

    private static List<GradientDifference> OnLine(
        string what, float from, float to, Func<float, float> derivative, Func<float, float> value)
    {
        // Never 0, where many functions have a kink.
        const int points = 40;
        float[] places = [.. Enumerable.Range(0, points).Select(i => from + (i + 0.4f) * (to - from) / points)];
        double scale = Math.Max(1, places.Max(x => Math.Abs(derivative(x))));
        return
        [
            .. places.Select(x => new GradientDifference(
                $"{what} at {x}", derivative(x), Extrapolated(h => value((float)(x + h)), Step), scale)),
        ];
    }

    private static IEnumerable<GradientDifference> Differences(string what, float[] at, float[] given, Func<double> value)
    {
        double scale = given.Length == 0 ? 0 : given.Max(Math.Abs);
        for (int i = 0; i < at.Length; i++)
        {
            float old = at[i];
            double numeric = Extrapolated(
                h =>
                {
                    at[i] = (float)(old + h);
                    return value();
                },
                Step);
            at[i] = old;
            yield return new GradientDifference($"{what}[{i}]", given[i], numeric, scale);
        }
    }

    /// <summary>Richardson's extrapolation of the central differences of two steps.</summary>
    private static double Extrapolated(Func<double, double> value, double h)
    {
        double Central(double step) => (value(step) - value(-step)) / (2 * step);
        return (4 * Central(h) - Central(2 * h)) / 3;
    }

    /// <summary>The loss of a batch and its gradient, with the same noise in every run.</summary>
    private sealed class LossAndGradient : IDisposable
    {
        private readonly Vae model;
        private readonly BatchFeed feed;
        private readonly BatchSchedules schedules;
        private readonly MemoryBuffer1D<float, Stride1D.Dense> gradients;
        private readonly int[] order;
        private readonly float weight;
        private readonly float[] sums = new float[2];

        public LossAndGradient(Vae model, ImageSet images, ulong seed)
        {
            this.model = model;
            order = [.. Enumerable.Range(0, images.Count)];
            weight = (float)model.Options.KlRate;
            gradients = model.Device.Accelerator.Allocate1D<float>(model.Parameters.Values.Length);
            feed = new BatchFeed(model.Device, images, images.Count, 1);
            schedules = new BatchSchedules(model.Device, feed, batch => Build(batch, images.Count, seed));
        }

        /// <summary>Nats per image.</summary>
        public double Run()
        {
            feed.StartEpoch(0, 0, order, [weight, weight]);
            schedules.Run(0);
            feed.ReadLog(sums);
            return (sums[0] + weight * sums[1]) / order.Length;
        }

        public float[] GradientOf(Parameter parameter) => model.Parameters.Read(parameter, gradients.View);

        public void Dispose()
        {
            schedules.Dispose();
            feed.Dispose();
            gradients.Dispose();
        }

        private ScheduleBuilder Build(int batch, int count, ulong seed)
        {
            var builder = new ScheduleBuilder(batch);
            PlannedTensor images = feed.AppendBatch(builder, model.Options.Shape.Pixels, Kernels.Training.Binarization.None, seed);
            PlannedTensor? labels = model.Options.Classes > 0 ? feed.AppendLabels(builder) : null;
            LayerContext context = model.ContextOf(builder, labels) with { Gradients = gradients.View };
            var noise = new NoiseSource(seed, RandomPurpose.Evaluation, feed.Step);
            var graph = new ElboGraph(model.Parts, context, images, noise, feed.KlWeight, model.Options.Samples);
            graph.AppendBackward(context, count);
            Kernels.Training.StepEnd end = model.Device.Kernels.StepEnd;
            PlannedTensor reconstruction = graph.Reconstruction, kl = graph.Kl;
            builder.Add(
                "log loss", reconstruction.Length + kl.Length, 4.0 * (reconstruction.Length + kl.Length), [reconstruction, kl],
                stream => end.Close(stream, feed.LogOf(reconstruction, kl)));
            return builder;
        }
    }
}
