using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// A network over grids of codes that gives the logits of each place from the places before it, row by row, and from the label where there
/// are classes. Numbers of codes are [images, places].
/// </summary>
internal abstract class CodeNetwork
{
    /// <summary>In PyTorch's layouts.</summary>
    public abstract IEnumerable<(string Name, int[] Shape)> ParameterShapes { get; }

    /// <summary>Whether <see cref="AppendNext"/> keeps what it made of the places before, and so must come to each of them.</summary>
    public abstract bool TakesEveryPlace { get; }

    /// <summary>Looks the parameters up in the store that was made from <see cref="ParameterShapes"/>.</summary>
    public abstract void Attach(ParameterStore store);

    /// <summary>Appends the way forward.</summary>
    /// <param name="context">With the labels, where there are classes.</param>
    /// <param name="indices">The codes' numbers.</param>
    /// <returns>Logits [images · places, codes], and what appends the way back from their gradient.</returns>
    public abstract (PlannedTensor Logits, Action<LayerContext, PlannedTensor> Backward) Forward(
        LayerContext context, PlannedTensor indices);

    /// <summary>Appends the logits of one place, [images, codes], to a schedule that runs once for each.</summary>
    /// <param name="context">With the labels, where there are classes.</param>
    /// <param name="indices">The codes' numbers; those from the place on are not looked at.</param>
    /// <param name="place">Which; asked in each run.</param>
    public abstract PlannedTensor AppendNext(LayerContext context, PlannedTensor indices, Func<int> place);
}
