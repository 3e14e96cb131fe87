using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>Some of the columns of a matrix, taken out or put in.</summary>
internal static class Columns
{
    /// <summary>Where each of some matrices begins in one that holds their columns beside each other.</summary>
    public static int[] Firsts(IEnumerable<int> widths)
    {
        int next = 0;
        return [.. widths.Select(width => (next += width) - width)];
    }

    /// <summary>Appends a copy of <paramref name="count"/> columns from <paramref name="first"/> on, [rows, count].</summary>
    public static PlannedTensor Take(LayerContext context, PlannedTensor from, int first, int count, string name)
    {
        PlannedTensor taken = context.Builder.Tensor(name, from.Rows, count);
        Copy(context, from, first, taken, 0, count);
        return taken;
    }

    /// <summary>Appends a copy of all columns to those of <paramref name="to"/> from <paramref name="first"/> on.</summary>
    public static void Put(LayerContext context, PlannedTensor from, PlannedTensor to, int first) =>
        Copy(context, from, 0, to, first, from.Columns);

    /// <summary>Appends a copy of <paramref name="count"/> columns, from one place to another.</summary>
    public static void Copy(LayerContext context, PlannedTensor from, int first, PlannedTensor to, int firstTo, int count)
    {
        ColumnCopy copy = context.Kernels.ColumnCopy;
        context.Builder.Add($"copy {from.Name} to {to.Name}", 0, 8.0 * from.Rows * count, [from, to], stream => copy.Run(
            stream, from.View.SubView(first, from.Length - first), from.Columns, to.View.SubView(firstTo, to.Length - firstTo), to.Columns,
            count));
    }
}
