using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Layers;

/// <summary>The way down a hierarchy: a state to which each level adds its units and what it makes of both.</summary>
internal static class TopDownNodes
{
    /// <summary>The state after the last level, [width].</summary>
    public static Value Append(TopDown layer, Value z)
    {
        Value? state = null;
        for (int level = 0; level < layer.Levels; level++)
            state = Append(layer, level, state, Slice(z, 0, level * layer.Units, layer.Units));
        return state!;
    }

    /// <summary>The state after a level.</summary>
    /// <param name="layer">All levels.</param>
    /// <param name="level">Which.</param>
    /// <param name="above">The state before it; null at the top.</param>
    /// <param name="z">Its units.</param>
    public static Value Append(TopDown layer, int level, Value? above, Value z)
    {
        (Linear ofUnits, Linear first, Linear second) = layer.LayersOf(level);
        Value sum = LinearNodes.Append(ofUnits, z);
        if (above is not null)
            sum = above + sum;
        return sum + LinearNodes.Append(second, ActivationNodes.Append(first.Activation, LinearNodes.Append(first, sum)));
    }
}
