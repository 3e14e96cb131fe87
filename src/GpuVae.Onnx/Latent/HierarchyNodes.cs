using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using GpuVae.Onnx.Layers;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Latent;

/// <summary>
/// q(z|x) level by level from the top down, with the state that the decoder makes of the levels above; see <c>HierarchySampler</c>.
/// </summary>
internal sealed class HierarchyNodes(TopDown hierarchy, HierarchySampler posterior) : PosteriorNodes(hierarchy.Inputs)
{
    private (Value Encoded, Value? Noise, Level[] Levels)? last;

    public override Value Center(Value encoded) => Joined(Descend(encoded, noise: null).Select(level => level.Mean));

    public override IEnumerable<(string Name, string Meaning, Value Value)> More(Value encoded) =>
    [
        (
            "log_variance", "of each unit of q(z|x), where every level above stands at its mean",
            Joined(Descend(encoded, noise: null).Select(level => level.LogVariance))),
    ];

    public override (Value Code, Value LogDensity) Sample(Value encoded, Value noise)
    {
        Level[] levels = Descend(encoded, noise);
        return (Joined(levels.Select(level => level.Code)), LogDensity(Joined(levels.Select(level => level.LogVariance)), noise));
    }

    public override Value Kl(Value encoded, Value noise) =>
        Descend(encoded, noise).Select(level => OfMoments(level.Mean, Bounded(level.LogVariance))).Aggregate((a, b) => a + b);

    public override Value LogDensities(Value code, float[] rows, int count) =>
        throw new NotSupportedException("Hierarchies are no components of a mixture.");

    private static Value Bounded(Value s) => Clamp(s, Kernels.Common.LogVariance.Min, Kernels.Common.LogVariance.Max);

    private static Value Joined(IEnumerable<Value> levels)
    {
        Value[] all = [.. levels];
        return all[0].Graph.Apply("Concat", [all.Sum(level => level.Shape[0])], all, ("axis", 1));
    }

    /// <summary>All levels, once in a graph; without noise each stands at its mean.</summary>
    private Level[] Descend(Value encoded, Value? noise)
    {
        if (last is not { } known || known.Encoded != encoded || known.Noise != noise)
            last = known = (encoded, noise, [.. Append(encoded, noise)]);
        return known.Levels;
    }

    private IEnumerable<Level> Append(Value encoded, Value? noise)
    {
        Value? state = null;
        for (int i = 0; i < hierarchy.Levels.Count; i++)
        {
            LevelNetworks level = hierarchy.Levels[i];
            (Network? ofState, Network toMoments) = posterior.Levels[i];
            int units = level.Shape.Units;
            Value hidden = Slice(encoded, 0, posterior.ContextOf(i), level.Shape.StateWidth);
            if (state is not null)
                hidden += Reshape(NetworkNodes.Append(ofState!, state), level.Shape.StateWidth);
            Value moments = Reshape(NetworkNodes.Append(toMoments, Relu(hidden)), 2 * units);
            Value mean = Slice(moments, 0, 0, units), s = Slice(moments, 0, units, units);
            Value code = noise is null ? mean : mean + Exp(0.5f * Bounded(s)) * Slice(noise, 0, hierarchy.FirstOf(i), units);
            state = TopDownNodes.Append(level, state, code, label: null);
            yield return new Level(mean, s, code);
        }
    }

    /// <param name="Mean">[units].</param>
    /// <param name="LogVariance">[units], as it comes.</param>
    /// <param name="Code">[units].</param>
    private sealed record Level(Value Mean, Value LogVariance, Value Code);
}
