using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// The decoder's way down a hierarchy of latent variables z = [z_0 | z_1 | …], each standard normal: a state h, to which every level adds
/// what it makes of the state above it and of its units,
/// <code>
/// h_0 = f(z_0·W_0 + b_0)·V_0 + c_0        h_i = h_(i-1) + f([h_(i-1) | z_i]·W_i + b_i)·V_i + c_i
/// </code>
/// A level whose variable is normal under the condition of those above it, with mean m(h) and deviation s(h), is one of these: m + s·z_i
/// is a function of h and z_i. So the prior of z is N(0, I), and what depends on the levels above lies in the layers (the residual normal
/// of Vahdat and Kautz 2020, arXiv:2007.03898, seen from its noise).
/// </summary>
internal sealed class TopDown : Layer
{
    private readonly int units, width;
    private readonly (Linear First, Linear Second)[] levels;

    /// <param name="name">Of the parameters.</param>
    /// <param name="count">Levels.</param>
    /// <param name="units">Of each level.</param>
    /// <param name="width">Of the state, and of the hidden layer of a level.</param>
    /// <param name="activation">f.</param>
    public TopDown(string name, int count, int units, int width, Activation activation)
        : base(name, count * units, width, null)
    {
        (this.units, this.width) = (units, width);
        levels = new (Linear, Linear)[count];
        for (int i = 0; i < count; i++)
            levels[i] = (
                new Linear($"{name}.{i}.0", (i == 0 ? 0 : width) + units, width, activation),
                new Linear($"{name}.{i}.2", width, width, null));
    }

    public int Levels => levels.Length;

    /// <summary>Units of a level.</summary>
    public int Units => units;

    /// <summary>The two layers of a level.</summary>
    public (Linear First, Linear Second) LayersOf(int level) => levels[level];

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes =>
        levels.SelectMany(level => level.First.ParameterShapes.Concat(level.Second.ParameterShapes));

    public override void Attach(ParameterStore store)
    {
        foreach ((Linear first, Linear second) in levels)
        {
            first.Attach(store);
            second.Attach(store);
        }
    }

    /// <summary>Appends a level.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="level">Its number, the top one 0.</param>
    /// <param name="above">The state before it, [rows, width]; null at the top.</param>
    /// <param name="z">[rows, units].</param>
    public TopDownLevel Append(LayerContext context, int level, PlannedTensor? above, PlannedTensor z)
    {
        (Linear first, Linear second) = levels[level];
        PlannedTensor seen = z;
        Addition<Identity> addition = context.Kernels.Addition;
        if (above is not null)
        {
            seen = context.Builder.Tensor($"{first.Name} input", z.Rows, width + units);
            Columns.Put(context, above, seen, 0);
            Columns.Put(context, z, seen, width);
        }
        LayerPass ofFirst = first.Forward(context, LayerOutput.Of(seen)), ofSecond = second.Forward(context, ofFirst.Output);
        PlannedTensor state = ofSecond.Output.Value;
        if (above is not null)
            context.Builder.Add($"{second.Name} residual", state.Length, 12.0 * state.Length, [above, state], stream =>
                addition.Forward(stream, above.View, state.View, state.View, state.View));
        return new TopDownLevel(state, (back, dState) =>
        {
            PlannedTensor dHidden = ofSecond.Backward(back, dState, wantsInput: true)!;
            PlannedTensor dSeen = ofFirst.Backward(back, dHidden, wantsInput: true)!;
            if (above is null)
                return (null, dSeen);
            PlannedTensor dAbove = Columns.Take(back, dSeen, 0, width, $"{first.Name} state gradient");
            back.Builder.Add($"{second.Name} residual backward", dAbove.Length, 12.0 * dAbove.Length, [dState, dAbove], stream =>
                addition.Forward(stream, dState.View, dAbove.View, dAbove.View, dAbove.View));
            return (dAbove, Columns.Take(back, dSeen, width, units, $"{first.Name} latent gradient"));
        });
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
                    Columns.Put(back, dz, dx, i * units);
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
        Columns.Take(context, all, level * units, units, $"{all.Name} of level {level}");
}

/// <summary>A level of the way down.</summary>
/// <param name="State">h after it, [rows, width].</param>
/// <param name="Backward">
/// Appends its way back from ∂loss/∂h; gives the gradient of the state above it, null at the top, and of its units.
/// </param>
internal sealed record TopDownLevel(
    PlannedTensor State, Func<LayerContext, PlannedTensor, (PlannedTensor? Above, PlannedTensor Units)> Backward);
