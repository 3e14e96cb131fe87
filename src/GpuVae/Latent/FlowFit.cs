using GpuVae.Devices;
using GpuVae.Formats;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// Trains a masked autoregressive flow (Papamakarios, Pavlakou and Murray 2017, arXiv:1705.07057) on codes with Adam: the steps of
/// AutoregressiveFlow.cs, from the code y in units of its deviations to u, in which it is to be standard normal,
/// <code>
/// ln p(y) = ln N(u; 0, I) + L · ln s + Σ ln g,   u = f(s·y)
/// </code>
/// Gates g lie below 1, so that steps draw codes together only; what they can widen comes from the stretch s before them.
/// </summary>
internal sealed class FlowFit : IDisposable
{
    private const int BatchSize = 128, Epochs = 30;
    private const float Stretch = 8, LearningRate = 2e-3f;

    private readonly ComputeDevice device;
    private readonly CodeMoments moments;
    private readonly int latents, count, heldCount, batch;
    private readonly ulong seed;
    private readonly float[] codes;
    private readonly FlowStep[] steps;
    private readonly ParameterStore store;
    private readonly Dictionary<string, MemoryBuffer1D<float, Stride1D.Dense>> memory = [];
    private readonly MemoryBuffer1D<long, Stride1D.Dense> clock;

    /// <param name="device">Where to.</param>
    /// <param name="codes">[n, L], to train on.</param>
    /// <param name="heldOut">[m, L]; the weights after the epoch under which these are most likely are taken.</param>
    /// <param name="latents">L.</param>
    /// <param name="seed">Of the weights and of the order of codes.</param>
    public FlowFit(ComputeDevice device, float[] codes, float[] heldOut, int latents, ulong seed)
    {
        (this.device, this.latents, this.seed) = (device, latents, seed);
        (count, heldCount, batch) = (codes.Length / latents, heldOut.Length / latents, Math.Min(BatchSize, codes.Length / latents));
        moments = new CodeMoments(codes, latents);
        this.codes = Stretched(codes);
        steps = FlowCodeSampler.StepsOf(latents);
        store = new ParameterStore(device, steps.SelectMany(step => step.ParameterShapes));
        long contexts = FlowCodeSampler.Steps * FlowCodeSampler.WidthOf(latents);
        foreach ((string name, long length) in ((string, long)[])
            [
                ("codes", codes.Length), ("held", heldOut.Length), ("gradients", store.Values.Length), ("first", store.Values.Length),
                ("second", store.Values.Length), ("contexts", contexts), ("context gradients", contexts), ("ones", batch), ("rate", 1),
                ("norm", 1), ("log", 2),
            ])
        {
            memory[name] = device.Accelerator.Allocate1D<float>(length);
            memory[name].View.BaseView.MemSetToZero(device.Stream);
        }
        clock = device.Accelerator.Allocate1D<long>(3);
        View("held").CopyFromCPU(device.Stream, Stretched(heldOut));
        View("ones").CopyFromCPU(device.Stream, [.. Enumerable.Repeat(1f, batch)]);
        Start();
    }

    /// <summary>Floating-point operations of <see cref="Run"/>.</summary>
    public static double Work(int codes, int latents) =>
        6.0 * Epochs * codes * FlowCodeSampler.Steps * 3 * latents * FlowCodeSampler.WidthOf(latents);

    /// <summary>Trains it.</summary>
    /// <param name="cancellation">Asks to stop before the next epoch.</param>
    /// <returns>The flow and the mean log-likelihood of the held-out codes, nats.</returns>
    public (FlowCodeSampler Flow, double HeldOut) Run(CancellationToken cancellation)
    {
        AcceleratorStream stream = device.Stream;
        int perEpoch = count / batch;
        (float[] Weights, double HeldOut) best = ([], double.NegativeInfinity);
        var builder = new ScheduleBuilder(batch);
        PlannedTensor rows = builder.External("codes", latents);
        AppendStep(builder, rows);
        using MemoryBuffer1D<float, Stride1D.Dense> arena = device.Accelerator.Allocate1D<float>(builder.Plan());
        using Schedule step = builder.Bind(arena.View);
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            cancellation.ThrowIfCancellationRequested();
            View("codes").CopyFromCPU(stream, Shuffled(epoch));
            for (int i = 0; i < perEpoch; i++)
            {
                long number = (long)epoch * perEpoch + i;
                double share = (double)number / ((long)Epochs * perEpoch);
                View("rate").CopyFromCPU(stream, [(float)(LearningRate * 0.5 * (1 + Math.Cos(Math.PI * share)))]);
                clock.View.BaseView.CopyFromCPU(stream, [number, 0L, number]);
                rows.View = View("codes").SubView((long)i * batch * latents, (long)batch * latents);
                step.Run(stream);
            }
            double likelihood = HeldOut();
            if (likelihood > best.HeldOut)
                best = (store.Values.GetAsArray(stream), likelihood);
        }
        // NaN is no likelihood.
        if (best.Weights.Length > 0)
            store.Values.CopyFromCPU(stream, best.Weights);
        float[] deviations = [.. moments.Deviations.Select(deviation => (float)(deviation / Stretch))];
        return (
            new FlowCodeSampler(
                latents, [.. moments.Means.Select(mean => (float)mean)], deviations,
                [.. store.Parameters.Select(parameter => new NamedTensor(parameter.Name, [.. parameter.Shape], store.Read(parameter)))]),
            best.HeldOut);
    }

    public void Dispose()
    {
        device.Drain();
        foreach (IDisposable buffer in memory.Values)
            buffer.Dispose();
        clock.Dispose();
        store.Dispose();
    }

    private ArrayView<float> View(string name) => memory[name].View.BaseView;

    private float[] Stretched(float[] values) => Array.ConvertAll(moments.Standardized(values), value => Stretch * value);

    /// <summary>Initial weights: all gates of a unit together take the stretch back.</summary>
    private void Start()
    {
        Initialization.Fill(store, seed);
        double gate = Math.Pow(Stretch, -1.0 / FlowCodeSampler.Steps);
        float start = (float)(Math.Log(gate / (1 - gate)) - AutoregressiveFlow.GateOffset);
        foreach (FlowStep step in steps)
            step.Attach(store);
        for (int i = 0; i < steps.Length; i++)
        {
            // Close to a scaling of each unit, as codes are stretched and would else open and close gates at random.
            Scale($"sampler.flow.{i}.0.weight", 1 / Stretch);
            Scale($"sampler.flow.{i}.2.weight", 0.1f);
            Parameter bias = store[$"sampler.flow.{i}.2.bias"];
            float[] values = new float[bias.Length];
            Array.Fill(values, start, latents, latents);
            store.Write(bias, values);
        }

        void Scale(string name, float factor) =>
            store.Write(store[name], Array.ConvertAll(store.Read(store[name]), value => factor * value));
    }

    /// <summary>The codes in another order in each epoch, by the numbers that Philox gives them.</summary>
    private float[] Shuffled(int epoch)
    {
        uint[] keys = [.. Enumerable.Range(0, count).Select(i => Philox.Generate(seed, RandomPurpose.Sampler, 3 + epoch, i, 0).W0)];
        int[] order = [.. Enumerable.Range(0, count)];
        Array.Sort(keys, order);
        float[] shuffled = new float[codes.Length];
        for (int i = 0; i < count; i++)
            codes.AsSpan(order[i] * latents, latents).CopyTo(shuffled.AsSpan(i * latents));
        return shuffled;
    }

    private void AppendStep(ScheduleBuilder builder, PlannedTensor rows)
    {
        LayerContext context = ContextOf(builder) with { Gradients = View("gradients") };
        (PlannedTensor u, PlannedTensor density, PlannedTensor normal, FlowStep.BackwardStep[] ways) = Forward(context, rows);
        var weights = new SampleWeights(
            ScheduleBuilder.Fixed("shares", View("ones"), batch), ScheduleBuilder.Fixed("one", View("ones").SubView(0, 1)), 1f / batch);
        PlannedTensor du = builder.Zeros("gradient", u.Rows, latents), dz = du;
        StandardNormalPrior prior = device.Kernels.StandardNormalPrior;
        builder.Add("normal backward", 2.0 * du.Length, 12.0 * du.Length, [u, du], stream =>
            prior.Backward(stream, u.View, weights.Rows, du.View, latents));
        PlannedTensor dContext = ScheduleBuilder.Fixed("context gradient", View("context gradients"));
        for (int i = ways.Length - 1; i >= 0; i--)
            dz = ways[i](context, dz, weights, dContext);
        var adam = new Adam(device.Accelerator, new AdamOptions());
        builder.Add("Adam", 14.0 * store.Values.Length, 28.0 * store.Values.Length, [density, normal], stream => adam.Update(
            stream, store.Values, View("gradients"), View("first"), View("second"), View("rate"), View("norm"),
            new StepLog(clock.View.BaseView, density.View, normal.View, View("log"))));
    }

    /// <summary>Mean log-likelihood of the held-out codes, nats.</summary>
    private double HeldOut()
    {
        var builder = new ScheduleBuilder(heldCount);
        PlannedTensor rows = builder.External("held-out codes", latents);
        rows.View = View("held");
        (_, PlannedTensor density, PlannedTensor normal, _) = Forward(ContextOf(builder), rows);
        builder.Add("likelihood", 0, 0, [density, normal], _ => { });
        using MemoryBuffer1D<float, Stride1D.Dense> arena = device.Accelerator.Allocate1D<float>(builder.Plan());
        using Schedule schedule = builder.Bind(arena.View);
        schedule.Run(device.Stream);
        float[] ofNormal = normal.View.GetAsArray(device.Stream), ofSteps = density.View.GetAsArray(device.Stream);
        return ofNormal.Zip(ofSteps, (a, b) => (double)a - b).Average() + latents * Math.Log(Stretch) - moments.Deviations.Sum(Math.Log);
    }

    /// <summary>Appends the way to u, −Σ ln g and ln N(u; 0, I), [rows, 1] each.</summary>
    private (PlannedTensor U, PlannedTensor Density, PlannedTensor Normal, FlowStep.BackwardStep[] Ways) Forward(
        LayerContext context, PlannedTensor z)
    {
        int rows = z.Rows;
        PlannedTensor density = context.Builder.Zeros("density", rows, 1), normal = context.Builder.Tensor("normal density", rows, 1);
        // Nothing but the codes: all rows have the same context of zeros.
        PlannedTensor none = ScheduleBuilder.Fixed("contexts", View("contexts"));
        var ways = new FlowStep.BackwardStep[steps.Length];
        for (int i = 0; i < steps.Length; i++)
            (z, ways[i]) = steps[i].Forward(context, none, z, density, samples: rows);
        PlannedTensor u = z;
        StandardNormalPrior prior = device.Kernels.StandardNormalPrior;
        context.Builder.Add("normal density", 3.0 * u.Length, 4.0 * u.Length, [u, normal], stream =>
            prior.Forward(stream, u.View, normal.View, latents));
        return (u, density, normal, ways);
    }

    private LayerContext ContextOf(ScheduleBuilder builder) => new(builder, device.Kernels, store.Values);
}
