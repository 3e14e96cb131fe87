using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>Channels of grids of the same size beside each other; they are innermost, so a grid is [images, places · channels].</summary>
internal static class Channels
{
    /// <summary>Appends [a | b] at every place.</summary>
    public static PlannedTensor Join(LayerContext context, PlannedTensor a, PlannedTensor b, int places)
    {
        PlannedTensor joined = context.Builder.Tensor($"{a.Name} beside {b.Name}", a.Rows, a.Columns + b.Columns);
        int ofA = a.Columns / places, ofB = b.Columns / places;
        ColumnCopy copy = context.Kernels.ColumnCopy;
        context.Builder.Add($"join {a.Name} and {b.Name}", 0, 8.0 * joined.Length, [a, b, joined], stream =>
        {
            copy.Run(stream, a.View, ofA, joined.View, ofA + ofB, ofA);
            copy.Run(stream, b.View, ofB, joined.View.SubView(ofA, joined.Length - ofA), ofA + ofB, ofB);
        });
        return joined;
    }

    /// <summary>Appends the way back: the first channels of every place, and the rest.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="joined">[images, places · channels].</param>
    /// <param name="places">Of the grid.</param>
    /// <param name="count">Of the first channels.</param>
    public static (PlannedTensor First, PlannedTensor Others) Split(LayerContext context, PlannedTensor joined, int places, int count)
    {
        int all = joined.Columns / places;
        PlannedTensor first = context.Builder.Tensor($"{joined.Name}, first channels", joined.Rows, places * count);
        PlannedTensor rest = context.Builder.Tensor($"{joined.Name}, other channels", joined.Rows, places * (all - count));
        ColumnCopy copy = context.Kernels.ColumnCopy;
        context.Builder.Add($"split {joined.Name}", 0, 8.0 * joined.Length, [joined, first, rest], stream =>
        {
            copy.Run(stream, joined.View, all, first.View, count, count);
            copy.Run(stream, joined.View.SubView(count, joined.Length - count), all, rest.View, all - count, all - count);
        });
        return (first, rest);
    }
}
