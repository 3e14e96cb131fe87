using System.Runtime.InteropServices;

namespace ILGPU.Runtime;

/// <content>Copies between multi-dimensional arrays and views, whose rows may run along another axis or lie further apart.</content>
public static unsafe partial class CopyExtensions
{
    private static void Upload<T, TStride>(ArrayView2D<T, TStride> view, AcceleratorStream? stream, T[,] data)
        where T : unmanaged
        where TStride : struct, IStride2D
    {
        CheckShape(view.Extent.Equals(AllocationExtensions.ExtentOf(data)), view.Extent, AllocationExtensions.ExtentOf(data));
        if (view.Length == 0)
            return;
        var flat = MemoryMarshal.CreateSpan(ref data[0, 0], data.Length);
        Upload(AsZY(view), stream, flat);
    }

    private static void Download<T, TStride>(ArrayView2D<T, TStride> view, AcceleratorStream? stream, T[,] data)
        where T : unmanaged
        where TStride : struct, IStride2D
    {
        CheckShape(view.Extent.Equals(AllocationExtensions.ExtentOf(data)), view.Extent, AllocationExtensions.ExtentOf(data));
        if (view.Length == 0)
            return;
        var flat = MemoryMarshal.CreateSpan(ref data[0, 0], data.Length);
        Download(AsZY(view), stream, flat);
    }

    private static void Upload<T, TStride>(ArrayView3D<T, TStride> view, AcceleratorStream? stream, T[,,] data)
        where T : unmanaged
        where TStride : struct, IStride3D
    {
        CheckShape(view.Extent.Equals(AllocationExtensions.ExtentOf(data)), view.Extent, AllocationExtensions.ExtentOf(data));
        if (view.Length == 0)
            return;
        var flat = MemoryMarshal.CreateSpan(ref data[0, 0, 0], data.Length);
        Upload(view.AsGeneral(), stream, flat);
    }

    private static void Download<T, TStride>(ArrayView3D<T, TStride> view, AcceleratorStream? stream, T[,,] data)
        where T : unmanaged
        where TStride : struct, IStride3D
    {
        CheckShape(view.Extent.Equals(AllocationExtensions.ExtentOf(data)), view.Extent, AllocationExtensions.ExtentOf(data));
        if (view.Length == 0)
            return;
        var flat = MemoryMarshal.CreateSpan(ref data[0, 0, 0], data.Length);
        Download(view.AsGeneral(), stream, flat);
    }

    private static T[,] ToArray<T, TStride>(ArrayView2D<T, TStride> view, AcceleratorStream? stream)
        where T : unmanaged
        where TStride : struct, IStride2D
    {
        var result = new T[view.Extent.X, view.Extent.Y];
        Download(view, stream, result);
        return result;
    }

    private static T[,,] ToArray<T, TStride>(ArrayView3D<T, TStride> view, AcceleratorStream? stream)
        where T : unmanaged
        where TStride : struct, IStride3D
    {
        var result = new T[view.Extent.X, view.Extent.Y, view.Extent.Z];
        Download(view, stream, result);
        return result;
    }

    /// <summary>The 2D view as planes of one row.</summary>
    private static ArrayView3D<T, Stride3D.General> AsZY<T, TStride>(ArrayView2D<T, TStride> view)
        where T : unmanaged
        where TStride : struct, IStride2D =>
        new(
            view.BaseView,
            new LongIndex3D(1, view.Extent.X, view.Extent.Y),
            new Stride3D.General(new Index3D(0, view.Stride.XStride, view.Stride.YStride)));

    private static void Upload<T>(
        ArrayView3D<T, Stride3D.General> view, AcceleratorStream? stream, ReadOnlySpan<T> data) where T : unmanaged
    {
        var rows = new RowLayout(view.Extent, view.Stride);
        if (rows.IsRowMajor)
        {
            Upload(view.BaseView, stream, data);
            return;
        }
        var row = new T[rows.RowLength];
        for (long i = 0; i < rows.Count; i++)
        {
            var (host, device) = rows.Locate(i);
            for (long k = 0; k < row.LongLength; k++)
                row[k] = data[(int)(host + (k * rows.HostStep))];
            Upload(view.BaseView.SubView(device), stream, row);
        }
    }

    private static void Download<T>(ArrayView3D<T, Stride3D.General> view, AcceleratorStream? stream, Span<T> data) where T : unmanaged
    {
        var rows = new RowLayout(view.Extent, view.Stride);
        if (rows.IsRowMajor)
        {
            Download(view.BaseView, stream, data);
            return;
        }
        var row = new T[rows.RowLength];
        for (long i = 0; i < rows.Count; i++)
        {
            var (host, device) = rows.Locate(i);
            Download(view.BaseView.SubView(device), stream, row);
            for (long k = 0; k < row.LongLength; k++)
                data[(int)(host + (k * rows.HostStep))] = row[k];
        }
    }

    private static void CheckShape(bool matches, object expected, object actual)
    {
        if (!matches)
            throw new ArgumentException($"The array has the shape {actual}, but the view {expected}; use an array of the view's shape.");
    }

    /// <summary>
    /// The rows of a strided box, adjacent in device memory, and where their elements are in a row-major host array. Copying row by row
    /// leaves the memory between rows alone, which may belong to somebody else.
    /// </summary>
    private readonly struct RowLayout
    {
        private readonly LongIndex3D extent;
        private readonly Stride3D.General stride;
        private readonly bool alongX;

        public RowLayout(LongIndex3D extent, Stride3D.General stride)
        {
            this.extent = extent;
            this.stride = stride;
            bool denseZ = stride.ZStride == 1;
            IsRowMajor = denseZ
                && (extent.Y == 1 || stride.YStride == extent.Z)
                && (extent.X == 1 || stride.XStride == extent.Y * extent.Z);
            // A 2D view that is dense along its X has been turned into one that is dense along Y here.
            alongX = !denseZ;
            if (denseZ)
                (RowLength, HostStep, Count) = (extent.Z, 1, extent.X * extent.Y);
            else if (stride.XStride == 1)
                (RowLength, HostStep, Count) = (extent.X, extent.Y * extent.Z, extent.Y * extent.Z);
            else
                (RowLength, HostStep, Count) = (extent.Y, extent.Z, extent.X * extent.Z);
        }

        public bool IsRowMajor { get; }

        public long RowLength { get; }

        public long HostStep { get; }

        public long Count { get; }

        /// <summary>The first element of a row in the host array and in the view.</summary>
        public (long Host, long Device) Locate(long row)
        {
            var index = !alongX ? new LongIndex3D(row / extent.Y, row % extent.Y, 0)
                : stride.XStride == 1 ? new LongIndex3D(0, row / extent.Z, row % extent.Z)
                : new LongIndex3D(row / extent.Z, 0, row % extent.Z);
            return ((((index.X * extent.Y) + index.Y) * extent.Z) + index.Z, stride.ComputeElementIndex(index));
        }
    }
}
