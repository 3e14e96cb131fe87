using GpuVae.Devices;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// The decoder's way down a hierarchy of latent variables z = [z_0 | z_1 | …], each standard normal: a state h, to which every level adds
/// its units, and then what a small network makes of both (Child 2021, arXiv:2011.10650),
/// <code>
/// s_i = h_(i-1) + U_i(z_i)        h_i = A_i(s_i + F_i(s_i))        h_(-1) = 0
/// </code>
/// where U is linear, F has one hidden layer, and A leads to the finer map that the next level lies on, where it lies on another. A level
/// whose variable is normal under the condition of those above it, with mean m(h) and deviation d(h), is m + d·z_i, a function of h and z_i
/// as these are. So the prior of z is N(0, I), and what depends on the levels above lies in the layers (the residual normal of Vahdat and
/// Kautz 2020, arXiv:2007.03898, seen from its noise).
/// </summary>
internal sealed class TopDown : Layer
{
    private readonly int[] firsts;

    /// <param name="name">As everywhere.</param>
    /// <param name="levels">The top one first; nothing comes after the last.</param>
    public TopDown(string name, IReadOnlyList<LevelNetworks> levels)
        : base(name, levels.Sum(level => level.Shape.Units), levels[^1].Outputs, null)
    {
        Levels = levels;
        firsts = Columns.Firsts(levels.Select(level => level.Shape.Units));
    }

    public IReadOnlyList<LevelNetworks> Levels { get; }

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes => All.SelectMany(network => network.ParameterShapes);

    private IEnumerable<Network> All => Levels.SelectMany(level => level.All);

    /// <summary>Where the units of a level begin among all.</summary>
    public int FirstOf(int level) => firsts[level];

    public override void Attach(ParameterStore store)
    {
        foreach (Network network in All)
            network.Attach(store);
    }

    /// <summary>Appends a level.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="level">Its number, the top one 0.</param>
    /// <param name="above">The state before it, [rows, width]; null at the top.</param>
    /// <param name="z">[rows, units].</param>
    public TopDownLevel Append(LayerContext context, int level, PlannedTensor? above, PlannedTensor z)
    {
        LevelNetworks networks = Levels[level];
        string name = $"{Name}.{level}";
        LayerPass units = networks.OfUnits.Forward(context, LayerOutput.Of(z));
        PlannedTensor sum = units.Output.Value;
        if (above is not null)
            Sums.Append(context, $"{name} sum", above, sum);
        LayerPass branch = networks.Branch.Forward(context, LayerOutput.Of(sum));
        PlannedTensor state = branch.Output.Value;
        Sums.Append(context, $"{name} residual", sum, state);
        LayerPass? after = networks.After?.Forward(context, LayerOutput.Of(state));
        return new TopDownLevel(after?.Output.Value ?? state, (back, dState) =>
        {
            if (after is not null)
            {
                AppendDerivative(back, after.Output, dState);
                dState = after.Backward(back, dState, wantsInput: true)!;
            }
            PlannedTensor dSum = branch.Backward(back, dState, wantsInput: true)!;
            Sums.Append(back, $"{name} residual backward", dState, dSum);
            return (dSum, units.Backward(back, dSum, wantsInput: true)!);
        }
        );
    }

    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        var passes = new TopDownLevel[Levels.Count];
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
                    Columns.Put(back, dz, dx, firsts[i]);
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
        for (int i = 0; i < Levels.Count; i++)
            state = Append(context, i, state, OfLevel(context, x, i)).State;
        Columns.Put(context, state!, y, 0);
    }

    /// <summary>Appends a copy of the units of a level out of all, [rows, units].</summary>
    public PlannedTensor OfLevel(LayerContext context, PlannedTensor all, int level) =>
        Columns.Take(context, all, firsts[level], Levels[level].Shape.Units, $"{all.Name} of level {level}");
}

/// <summary>A level of the way down.</summary>
/// <param name="State">h after it, [rows, width].</param>
/// <param name="Backward">
/// Appends its way back from ∂loss/∂h, which is changed; gives the gradient of the state above it, of no use at the top, and of its units.
/// </param>
internal sealed record TopDownLevel(
    PlannedTensor State, Func<LayerContext, PlannedTensor, (PlannedTensor Above, PlannedTensor Units)> Backward);
