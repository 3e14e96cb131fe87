using GpuVae.Kernels.Layers;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// A network over grids of codes that gives the logits of each place from the places before it, row by row, and from the label where there
/// are classes. Numbers of codes are [images, places]. One over a bottom grid is also given what the top grid's codes say of each place,
/// [images, places · channels]: all of it is known before the first code is drawn, and it gets no gradient.
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
    /// <param name="above">What the top grid says; null where there is none.</param>
    /// <returns>Logits [images · places, codes], and what appends the way back from their gradient.</returns>
    public abstract (PlannedTensor Logits, Action<LayerContext, PlannedTensor> Backward) Forward(
        LayerContext context, PlannedTensor indices, PlannedTensor? above);

    /// <summary>Appends the logits of one place, [images, codes], to a schedule that runs once for each.</summary>
    /// <param name="context">With the labels, where there are classes.</param>
    /// <param name="indices">The codes' numbers; those from the place on are not looked at.</param>
    /// <param name="above">As in <see cref="Forward"/>.</param>
    /// <param name="place">Which; asked in each run.</param>
    public abstract PlannedTensor AppendNext(LayerContext context, PlannedTensor indices, PlannedTensor? above, Func<int> place);

    /// <summary>Appends the same numbers with a row for every place.</summary>
    protected static PlannedTensor ByPlace(LayerContext context, PlannedTensor grids, int places)
    {
        PlannedTensor rows = context.Builder.Tensor($"{grids.Name} by place", grids.Rows * places, grids.Columns / places);
        ColumnCopy copy = context.Kernels.ColumnCopy;
        context.Builder.Add($"{grids.Name} by place", 0, 8.0 * grids.Length, [grids, rows], stream =>
            copy.Run(stream, grids.View, grids.Columns, rows.View, grids.Columns, grids.Columns));
        return rows;
    }

    /// <summary>Appends a copy of one place's row of each image, [images, columns], out of [images · places, columns].</summary>
    protected static PlannedTensor AtPlace(LayerContext context, PlannedTensor rows, int places, Func<int> place)
    {
        PlannedTensor one = context.Builder.Tensor($"{rows.Name} of a place", rows.Rows / places, rows.Columns);
        ColumnCopy copy = context.Kernels.ColumnCopy;
        int columns = rows.Columns;
        context.Builder.Add(
            one.Name, 0, 8.0 * one.Length, [rows, one],
            stream => copy.Run(stream, rows.View.SubView((long)place() * columns), places * columns, one.View, columns, columns),
            varies: true);
        return one;
    }
}
