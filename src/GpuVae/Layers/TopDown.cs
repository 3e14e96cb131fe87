using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// The decoder's way down a hierarchy of latent variables z = [z_0 | z_1 | …], each standard normal: a state h, to which every level adds
/// its units, and then what a small network makes of both (Child 2021, arXiv:2011.10650),
/// <code>
/// s_i = h_(i-1) + z_i·U_i + b_i        h_i = s_i + f(s_i·W_i + w_i)·V_i + v_i        h_(-1) = 0
/// </code>
/// A level whose variable is normal under the condition of those above it, with mean m(h) and deviation d(h), is m + d·z_i, a function of
/// h and z_i as these are. So the prior of z is N(0, I), and what depends on the levels above lies in the layers (the residual normal of
/// Vahdat and Kautz 2020, arXiv:2007.03898, seen from its noise).
/// </summary>
internal sealed class TopDown : Layer
{
    private readonly (Linear OfUnits, Linear First, Linear Second)[] levels;

    /// <param name="name">Of the parameters.</param>
    /// <param name="count">Levels.</param>
    /// <param name="units">Of each level.</param>
    /// <param name="width">Of the state, and of the hidden layer of a level.</param>
    /// <param name="activation">f.</param>
    public TopDown(string name, int count, int units, int width, Activation activation)
        : base(name, count * units, width, null)
    {
        Units = units;
        levels = new (Linear, Linear, Linear)[count];
        for (int i = 0; i < count; i++)
            levels[i] = (
                new Linear($"{name}.{i}.units", units, width, null), new Linear($"{name}.{i}.0", width, width, activation),
                new Linear($"{name}.{i}.2", width, width, null));
    }

    public int Levels => levels.Length;

    /// <summary>Units of a level.</summary>
    public int Units { get; }

    /// <summary>The three layers of a level: of its units, and those that make more of the sum.</summary>
    public (Linear OfUnits, Linear First, Linear Second) LayersOf(int level) => levels[level];

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes => All.SelectMany(layer => layer.ParameterShapes);

    private IEnumerable<Linear> All => levels.SelectMany(level => (Linear[])[level.OfUnits, level.First, level.Second]);

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
        (Linear ofUnits, Linear first, Linear second) = levels[level];
        Addition<Identity> addition = context.Kernels.Addition;
        LayerPass units = ofUnits.Forward(context, LayerOutput.Of(z));
        PlannedTensor sum = units.Output.Value;
        if (above is not null)
            Add(context, $"{ofUnits.Name} sum", above, sum);
        LayerPass ofFirst = first.Forward(context, LayerOutput.Of(sum)), ofSecond = second.Forward(context, ofFirst.Output);
        PlannedTensor state = ofSecond.Output.Value;
        Add(context, $"{second.Name} residual", sum, state);
        return new TopDownLevel(state, (back, dState) =>
        {
            PlannedTensor dHidden = ofSecond.Backward(back, dState, wantsInput: true)!;
            PlannedTensor dSum = ofFirst.Backward(back, dHidden, wantsInput: true)!;
            Add(back, $"{second.Name} residual backward", dState, dSum);
            return (dSum, units.Backward(back, dSum, wantsInput: true)!);
        }
        );

        // To the second.
        void Add(LayerContext to, string step, PlannedTensor a, PlannedTensor b) =>
            to.Builder.Add(step, b.Length, 12.0 * b.Length, [a, b], stream => addition.Forward(stream, a.View, b.View, b.View, b.View));
    }

    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        var passes = new TopDownLevel[levels.Length];
        for (int i = 0; i < passes.Length; i++)
            passes[i] = Append(context, i, i == 0 ? null : passes[i - 1].State, OfLevel(context, x.Value, i));
        return new LayerPass(LayerOutput.Of(passes[^1].State), (back, dy, wantsInput) =>
        {
            PlannedTensor dx = back.Builder.Tensor($"{Name} input gradient", dy.Rows, Inputs);
            PlannedTensor dState = dy;
            for (int i = passes.Length - 1; i >= 0; i--)
            {
                (dState, PlannedTensor dz) = passes[i].Backward(back, dState);
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
/// Appends its way back from ∂loss/∂h; gives the gradient of the state above it, of no use at the top, and of its units.
/// </param>
internal sealed record TopDownLevel(
    PlannedTensor State, Func<LayerContext, PlannedTensor, (PlannedTensor Above, PlannedTensor Units)> Backward);
