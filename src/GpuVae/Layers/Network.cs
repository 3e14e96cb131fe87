using GpuVae.Options;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>Layers one after the other.</summary>
internal sealed class Network(IReadOnlyList<Layer> layers)
{
    public IReadOnlyList<Layer> Layers { get; } = layers;

    public int Inputs => Layers[0].Inputs;

    public int Outputs => Layers[^1].Outputs;

    public IEnumerable<(string Name, int[] Shape)> ParameterShapes => Layers.SelectMany(layer => layer.ParameterShapes);

    public void Attach(ParameterStore store)
    {
        foreach (Layer layer in Layers)
            layer.Attach(store);
    }

    /// <summary>Appends the layers' forward steps.</summary>
    public LayerPass Forward(LayerContext context, LayerOutput x) => Forward(context, x, 0, Layers.Count);

    /// <summary>Appends the forward steps of the layers from <paramref name="first"/> to before <paramref name="end"/>.</summary>
    public LayerPass Forward(LayerContext context, LayerOutput x, int first, int end)
    {
        var passes = new List<LayerPass>();
        for (int i = first; i < end; i++)
        {
            passes.Add(Layers[i].Forward(context, x));
            x = passes[^1].Output;
        }
        return new LayerPass(x, (back, dy, wantsInput) =>
        {
            PlannedTensor? gradient = dy;
            for (int i = passes.Count - 1; i >= 0; i--)
            {
                // Layers without parameters at the start need not be gone back through for themselves.
                bool isWanted = wantsInput || Layers.Take(new Range(first, first + i)).Any(layer => layer.ParameterShapes.Any());
                gradient = passes[i].Backward(back, gradient!, isWanted);
                if (!isWanted)
                    return null;
            }
            return gradient;
        });
    }

    /// <summary>
    /// Appends the layers without anything for a backward pass, <paramref name="last"/> in the place of the last f. <paramref name="seen"/> is
    /// called with every layer but the last and what it gives, to append steps that look at it.
    /// </summary>
    public void Infer(
        LayerContext context, PlannedTensor x, PlannedTensor y, ActivationKind? last, Action<Layer, PlannedTensor>? seen = null)
    {
        foreach (Layer layer in Layers.Take(Layers.Count - 1))
        {
            PlannedTensor next = context.Builder.Tensor($"{layer.Name} output", x.Rows, layer.Outputs);
            layer.Infer(context, x, next, layer.Activation);
            seen?.Invoke(layer, next);
            x = next;
        }
        Layers[^1].Infer(context, x, y, last);
    }
}
