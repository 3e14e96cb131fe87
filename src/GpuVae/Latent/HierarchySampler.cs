using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// q(z|x) of a hierarchy, inferred from the top down together with the state h that the decoder makes of the levels above (Sønderby et al.
/// 2016, arXiv:1602.02282; Child 2021, arXiv:2011.10650). The encoder gives a context c_i for each level; units of a level are independent:
/// <code>
/// a_i = relu(W_i(h_(i-1)) + c_i)      [mu_i | s_i] = V_i(a_i)      z_i = mu_i + e^(s_i/2)·noise_i
/// </code>
/// W and V are linear layers, or convolutions where the level is a map. At the top, where there is no state yet, a_0 = relu(c_0).
/// </summary>
internal sealed class HierarchySampler : PosteriorSampler
{
    private readonly TopDown hierarchy;
    private readonly (Network? OfState, Network Moments)[] levels;
    private readonly int[] contexts;

    /// <param name="hierarchy">The decoder's way down.</param>
    public HierarchySampler(TopDown hierarchy)
    {
        this.hierarchy = hierarchy;
        levels = [.. hierarchy.Levels.Select((level, i) => Networks.Posterior(level.Shape, i))];
        contexts = Columns.Firsts(hierarchy.Levels.Select(level => level.Shape.StateWidth));
    }

    /// <summary>Appends the drawing of a level's units, [rows, units], from [means | log-variances] and noise of its own.</summary>
    public delegate PlannedTensor Draw(int level, PlannedTensor moments, PlannedTensor noise);

    /// <summary>W, null at the top, and V of each level.</summary>
    public IReadOnlyList<(Network? OfState, Network Moments)> Levels => levels;

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes => All.SelectMany(network => network.ParameterShapes);

    private IEnumerable<Network> All =>
        levels.SelectMany(level => level.OfState is { } first ? (Network[])[first, level.Moments] : [level.Moments]);

    public override void Attach(ParameterStore store)
    {
        foreach (Network network in All)
            network.Attach(store);
    }

    /// <summary>Where the context of a level begins in the encoder's output.</summary>
    public int ContextOf(int level) => contexts[level];

    /// <summary>Means, then log-variances, level by level, where every level stands at its mean.</summary>
    public override PlannedTensor Center(LayerContext context, PlannedTensor encoded)
    {
        int rows = encoded.Rows;
        PlannedTensor none = context.Builder.Zeros("no noise", rows, hierarchy.Inputs);
        PlannedTensor center = context.Builder.Tensor("moments", rows, 2 * hierarchy.Inputs);
        Descend(context, encoded, none, samples: 1, (level, moments, _) =>
        {
            int first = hierarchy.FirstOf(level), units = hierarchy.Levels[level].Shape.Units;
            PlannedTensor mean = Columns.Take(context, moments, 0, units, $"mean of level {level}");
            Columns.Put(context, mean, center, first);
            Columns.Copy(context, moments, units, center, hierarchy.Inputs + first, units);
            return mean;
        });
        return center;
    }

    /// <summary>Codes and their density; there is no way back from these (see <see cref="HierarchyTerm"/>).</summary>
    public override PosteriorPass Forward(LayerContext context, PlannedTensor encoded, PlannedTensor noise, int samples)
    {
        int rows = noise.Rows;
        DiagonalPosterior kernel = context.Kernels.DiagonalPosterior;
        PlannedTensor codes = context.Builder.Tensor("latent", rows, hierarchy.Inputs);
        PlannedTensor density = context.Builder.Tensor("log q", rows, 1);
        Descend(context, encoded, noise, samples, (level, moments, eps) =>
        {
            int units = eps.Columns;
            PlannedTensor z = context.Builder.Tensor($"latent of level {level}", rows, units);
            PlannedTensor ofLevel = level == 0 ? density : context.Builder.Tensor($"log q of level {level}", rows, 1);
            context.Builder.Add(
                $"sample posterior of level {level}", 20.0 * z.Length, 4.0 * (moments.Length + 2 * z.Length + rows),
                [moments, eps, z, ofLevel],
                stream => kernel.Forward(stream, moments.View, 2 * units, eps.View, z.View, ofLevel.View, units, samples: 1));
            if (level > 0)
                Sums.Append(context, $"sum of log q to level {level}", ofLevel, density);
            Columns.Put(context, z, codes, hierarchy.FirstOf(level));
            return z;
        });
        return new PosteriorPass(codes, density, (_, _, _, _, _) => throw new NotSupportedException("The way back is HierarchyTerm's."));
    }

    /// <summary>Appends all levels.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="encoded">The contexts, [images, all widths].</param>
    /// <param name="noise">[images·k, all units].</param>
    /// <param name="samples">k.</param>
    /// <param name="draw">What makes units of moments and noise.</param>
    public IReadOnlyList<HierarchyLevel> Descend(
        LayerContext context, PlannedTensor encoded, PlannedTensor noise, int samples, Draw draw)
    {
        var passes = new HierarchyLevel[levels.Length];
        PlannedTensor? state = null;
        for (int i = 0; i < passes.Length; i++)
        {
            (PlannedTensor moments, Func<LayerContext, PlannedTensor, PlannedTensor, PlannedTensor?> back) =
                Moments(context, i, encoded, state, noise.Rows, samples);
            PlannedTensor eps = hierarchy.OfLevel(context, noise, i);
            TopDownLevel level = hierarchy.Append(context, i, state, draw(i, moments, eps));
            passes[i] = new HierarchyLevel(moments, eps, level, back);
            state = level.State;
        }
        return passes;
    }

    private (PlannedTensor Moments, Func<LayerContext, PlannedTensor, PlannedTensor, PlannedTensor?> Backward) Moments(
        LayerContext context, int level, PlannedTensor encoded, PlannedTensor? state, int rows, int samples)
    {
        (Network? ofState, Network moments) = levels[level];
        AutoregressiveFlow kernel = context.Kernels.AutoregressiveFlow;
        int columns = encoded.Columns, first = contexts[level], width = hierarchy.Levels[level].Shape.StateWidth;
        string name = $"posterior.{level} context";
        LayerPass? seen = state is null ? null : ofState!.Forward(context, LayerOutput.Of(state));
        PlannedTensor hidden = seen?.Output.Value ?? context.Builder.Zeros("posterior hidden", rows, width);
        context.Builder.Add(
            name, 2.0 * hidden.Length, 12.0 * hidden.Length, [hidden, encoded],
            stream => kernel.AddContext(stream, hidden.View, encoded.View, columns, first, width, samples));
        LayerPass pass = moments.Forward(context, new LayerOutput(hidden, hidden, Activation.Of<Relu>()));
        return (pass.Output.Value, (back, dMoments, dEncoded) =>
        {
            PlannedTensor dHidden = pass.Backward(back, dMoments, wantsInput: true)!;
            back.Builder.Add(
                $"{name} backward", dHidden.Length, 8.0 * dHidden.Length, [dHidden, dEncoded],
                stream => kernel.ContextBackward(stream, dHidden.View, dEncoded.View, columns, first, width, samples));
            return seen?.Backward(back, dHidden, wantsInput: true);
        }
        );
    }
}

/// <summary>A level of the way down with its posterior.</summary>
/// <param name="Moments">[rows, 2 · units]: means, then log-variances.</param>
/// <param name="Noise">[rows, units].</param>
/// <param name="Generator">What the decoder makes of its units.</param>
/// <param name="Backward">
/// Appends the way back from ∂loss/∂moments: writes the columns of the level's context in the gradient of the encoder's output, and gives
/// the gradient of the state above; null at the top.
/// </param>
internal sealed record HierarchyLevel(
    PlannedTensor Moments, PlannedTensor Noise, TopDownLevel Generator,
    Func<LayerContext, PlannedTensor, PlannedTensor, PlannedTensor?> Backward);
