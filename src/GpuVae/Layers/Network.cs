using GpuVae.Devices;
using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>Layers one after the other.</summary>
internal sealed class Network(IReadOnlyList<Layer> layers)
{
    public IReadOnlyList<Layer> Layers { get; } = layers;

    public int Inputs => Layers[0].Inputs;

    public int Outputs => Layers[^1].Outputs;

    /// <summary>That of its last layer; null for none.</summary>
    public Activation? Activation => Layers[^1].Activation;

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
    /// Appends the layers without anything for a backward pass, <paramref name="last"/> in the place of the last f.
    /// <paramref name="seen"/> is called with every layer but the last and what it gives, to append steps that look at it.
    /// </summary>
    public void Infer(
        LayerContext context, PlannedTensor x, PlannedTensor y, Activation? last, Action<Layer, PlannedTensor>? seen = null)
    {
        // Only these leave columns out by themselves.
        if (x.Columns != Inputs && Layers[0] is not (Linear or LabelInput))
            x = Narrowed(context, x);
        foreach (Layer layer in Layers.Take(Layers.Count - 1))
        {
            PlannedTensor next = context.Builder.Tensor($"{layer.Name} output", x.Rows, layer.Outputs);
            layer.Infer(context, x, next, layer.Activation);
            seen?.Invoke(layer, next);
            x = next;
        }
        Layers[^1].Infer(context, x, y, last);
    }

    /// <summary>Appends a copy of the columns that the network takes.</summary>
    private PlannedTensor Narrowed(LayerContext context, PlannedTensor x)
    {
        ColumnCopy copy = context.Kernels.ColumnCopy;
        PlannedTensor taken = context.Builder.Tensor($"{Layers[0].Name} input", x.Rows, Inputs);
        context.Builder.Add(
            $"copy {x.Name}", 0, 8.0 * taken.Length, [x, taken],
            stream => copy.Run(stream, x.View, x.Columns, taken.View, taken.Columns, taken.Columns));
        return taken;
    }
}
