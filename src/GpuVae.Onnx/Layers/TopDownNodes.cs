using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Layers;

/// <summary>The way down a hierarchy: a state to which each level adds its units and what it makes of both.</summary>
internal static class TopDownNodes
{
    /// <summary>The state after the last level, [width], or a map.</summary>
    public static Value Append(TopDown layer, Value z, Value? label)
    {
        Value? state = null;
        for (int level = 0; level < layer.Levels.Count; level++)
            state = Append(layer.Levels[level], state, Slice(z, 0, layer.FirstOf(level), layer.Levels[level].Shape.Units), label);
        return state!;
    }

    /// <summary>The state after a level.</summary>
    /// <param name="level">Its networks.</param>
    /// <param name="above">The state before it; null at the top.</param>
    /// <param name="z">Its units.</param>
    /// <param name="label">Of a conditional model.</param>
    public static Value Append(LevelNetworks level, Value? above, Value z, Value? label)
    {
        Value sum = NetworkNodes.Append(level.OfUnits, z);
        if (above is not null)
            sum = Reshape(above, sum.Shape) + sum;
        Value state = sum + NetworkNodes.Append(level.Branch, sum);
        return level.After is null ? state : NetworkNodes.Append(level.After, state, label);
    }
}
