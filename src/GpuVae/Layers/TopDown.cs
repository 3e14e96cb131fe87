using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// The decoder's way down a hierarchy of latent variables z = [z_0 | z_1 | …], each standard normal: a state h, to which every level adds
/// what it makes of the state above it and of its units,
/// <code>
/// h_0 = f(z_0·U_0 + b_0)·V_0 + c_0        h_i = h_(i-1) + f(h_(i-1)·W_i + z_i·U_i + b_i)·V_i + c_i
/// </code>
/// A level whose variable is normal under the condition of those above it, with mean m(h) and deviation s(h), is one of these: m + s·z_i
/// is a function of h and z_i. So the prior of z is N(0, I), and what depends on the levels above lies in the layers (the residual normal
/// of Vahdat and Kautz 2020, arXiv:2007.03898, seen from its noise).
/// </summary>
internal sealed class TopDown : Layer
{
    private readonly Activation between;
    private readonly (Linear? OfState, Linear OfUnits, Linear Output)[] levels;

    /// <param name="name">Of the parameters.</param>
    /// <param name="count">Levels.</param>
    /// <param name="units">Of each level.</param>
    /// <param name="width">Of the state, and of the hidden layer of a level.</param>
    /// <param name="activation">f.</param>
    public TopDown(string name, int count, int units, int width, Activation activation)
        : base(name, count * units, width, null)
    {
        (Units, between) = (units, activation);
        levels = new (Linear?, Linear, Linear)[count];
        for (int i = 0; i < count; i++)
            // Layers of their own, so that few units weigh as much as a wide state at the start: else they would be given up.
            levels[i] = (
                i == 0 ? null : new Linear($"{name}.{i}.state", width, width, null),
                new Linear($"{name}.{i}.units", units, width, i == 0 ? activation : null),
                new Linear($"{name}.{i}.output", width, width, null));
    }

    public int Levels => levels.Length;

    /// <summary>Units of a level.</summary>
    public int Units { get; }

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes => All.SelectMany(layer => layer.ParameterShapes);

    private IEnumerable<Linear> All => levels.SelectMany(level =>
        level.OfState is { } ofState ? (Linear[])[ofState, level.OfUnits, level.Output] : [level.OfUnits, level.Output]);

    public override void Attach(ParameterStore store)
    {
        foreach (Linear layer in All)
            layer.Attach(store);
    }

    /// <summary>Appends a level.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="level">Its number, the top one 0.</param>
    /// <param name="above">The state before it, [rows, width]; null at the top.</param>
    /// <param name="z">[rows, units].</param>
    public TopDownLevel Append(LayerContext context, int level, PlannedTensor? above, PlannedTensor z)
    {
        (Linear? ofState, Linear ofUnits, Linear output) = levels[level];
        LayerPass units = ofUnits.Forward(context, LayerOutput.Of(z));
        if (above is null)
        {
            LayerPass top = output.Forward(context, units.Output);
            return new TopDownLevel(top.Output.Value, (back, dState) =>
                (null, units.Backward(back, top.Backward(back, dState, wantsInput: true)!, wantsInput: true)!));
        }
        LayerPass seen = ofState!.Forward(context, LayerOutput.Of(above));
        PlannedTensor left = seen.Output.Value, right = units.Output.Value;
        PlannedTensor hidden = context.Builder.Tensor($"{output.Name} input", z.Rows, Outputs), saved = Saved(context, hidden, between);
        ConvolutionKernels sum = context.Kernels.LinearWith(between).Convolutions;
        context.Builder.Add($"{output.Name} sum", 2.0 * hidden.Length, 12.0 * hidden.Length, [left, right, hidden, saved], stream =>
            sum.Add(stream, left.View, right.View, hidden.View, saved.View));
        LayerPass pass = output.Forward(context, new LayerOutput(hidden, saved, between));
        PlannedTensor state = pass.Output.Value;
        Addition<Identity> addition = context.Kernels.Addition;
        context.Builder.Add($"{output.Name} residual", state.Length, 12.0 * state.Length, [above, state], stream =>
            addition.Forward(stream, above.View, state.View, state.View, state.View));
        return new TopDownLevel(state, (back, dState) =>
        {
            PlannedTensor dSum = pass.Backward(back, dState, wantsInput: true)!;
            PlannedTensor dUnits = units.Backward(back, dSum, wantsInput: true)!;
            PlannedTensor dAbove = seen.Backward(back, dSum, wantsInput: true)!;
            back.Builder.Add($"{output.Name} residual backward", dAbove.Length, 12.0 * dAbove.Length, [dState, dAbove], stream =>
                addition.Forward(stream, dState.View, dAbove.View, dAbove.View, dAbove.View));
            return (dAbove, dUnits);
        }
        );
    }

    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        var passes = new TopDownLevel[levels.Length];
        for (int i = 0; i < passes.Length; i++)
            passes[i] = Append(context, i, i == 0 ? null : passes[i - 1].State, OfLevel(context, x.Value, i));
        return new LayerPass(LayerOutput.Of(passes[^1].State), (back, dy, wantsInput) =>
        {
            PlannedTensor dx = back.Builder.Tensor($"{Name} input gradient", dy.Rows, Inputs);
            PlannedTensor? dState = dy;
            for (int i = passes.Length - 1; i >= 0; i--)
            {
                (dState, PlannedTensor dz) = passes[i].Backward(back, dState!);
                if (wantsInput)
                    Columns.Put(back, dz, dx, i * Units);
            }
            if (!wantsInput)
                return null;
            AppendDerivative(back, x, dx);
            return dx;
        });
    }

    public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, Activation? activation)
    {
        PlannedTensor? state = null;
        for (int i = 0; i < levels.Length; i++)
            state = Append(context, i, state, OfLevel(context, x, i)).State;
        Columns.Put(context, state!, y, 0);
    }

    /// <summary>Appends a copy of the units of a level out of all, [rows, units].</summary>
    public PlannedTensor OfLevel(LayerContext context, PlannedTensor all, int level) =>
        Columns.Take(context, all, level * Units, Units, $"{all.Name} of level {level}");
}

/// <summary>A level of the way down.</summary>
/// <param name="State">h after it, [rows, width].</param>
/// <param name="Backward">
/// Appends its way back from ∂loss/∂h; gives the gradient of the state above it, null at the top, and of its units.
/// </param>
internal sealed record TopDownLevel(
    PlannedTensor State, Func<LayerContext, PlannedTensor, (PlannedTensor? Above, PlannedTensor Units)> Backward);
