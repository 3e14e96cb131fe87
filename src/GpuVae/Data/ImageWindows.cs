using System.Runtime.InteropServices;
using GpuVae.Devices;

namespace GpuVae.Data;

/// <summary>
/// Two windows of a streamed set's images on the device: that which batches are dealt out of, and the next, which a background thread reads
/// meanwhile. An epoch visits the images window after window; within one they lie in the order of their numbers, as a disk gives them
/// fastest, and the device's order of the epoch names places in the windows instead of images.
/// </summary>
internal sealed class ImageWindows : IDisposable
{
    /// <summary>Bytes of a window, of which there are two on the device and one on its way.</summary>
    private const int WindowBytes = 48 << 20;

    /// <summary>Bytes of neighbours that stay together when the order of an epoch is drawn.</summary>
    private const int BlockBytes = 256 << 10;

    private readonly ComputeDevice device;
    private readonly ImageSet set;
    private readonly ArrayView<byte> images;
    private readonly ArrayView<int> order, labels;
    private readonly byte[] window;
    private readonly int perImage;
    private readonly int[] visited;
    private Task<(int[] Places, int[] Labels)>? reading;
    private int read, firstKept = -1;

    /// <param name="device">Where the windows are.</param>
    /// <param name="set">What is streamed.</param>
    /// <param name="size">Images of a window; see <see cref="SizeFor"/>.</param>
    /// <param name="images">[2 · size images], written.</param>
    /// <param name="order">[images of the set], written.</param>
    /// <param name="labels">[2 · size], written; empty where there are none.</param>
    public ImageWindows(
        ComputeDevice device, ImageSet set, int size, ArrayView<byte> images, ArrayView<int> order, ArrayView<int> labels)
    {
        (this.device, this.set, Size, this.images, this.order, this.labels) = (device, set, size, images, order, labels);
        perImage = set.PixelsPerImage * set.Format.BytesPerValue();
        window = new byte[(long)size * perImage];
        visited = new int[set.Count];
    }

    /// <summary>Images of a window.</summary>
    public int Size { get; }

    /// <summary>Neighbours that stay together when the order of an epoch is drawn.</summary>
    public int Block => Math.Max(1, BlockBytes / perImage);

    /// <summary>Images of a window; a batch is never in more than two.</summary>
    public static int SizeFor(ImageSet set, int batchSize)
    {
        int perImage = checked(set.PixelsPerImage * set.Format.BytesPerValue());
        return Math.Min(Math.Max(WindowBytes / perImage, batchSize), set.Count);
    }

    /// <summary>Takes the order of an epoch.</summary>
    /// <param name="permutation">[images]: which one is visited when.</param>
    public void Start(ReadOnlySpan<int> permutation)
    {
        // Whoever visits the same images again need not read those that are there.
        if (firstKept >= 0 && permutation.SequenceEqual(visited))
            return;
        Stop();
        permutation.CopyTo(visited);
        (read, firstKept) = (0, -1);
    }

    /// <summary>Sees to it that the images which are visited from one place to another of the epoch are on the device.</summary>
    /// <exception cref="BadInputException">An image cannot be read, or has a value that is no finite number.</exception>
    public void Require(int first, int count)
    {
        int from = first / Size, to = (first + count - 1) / Size;
        if (firstKept < 0 || from < firstKept || from > read)
        {
            Stop();
            (read, firstKept) = (from, from);
        }
        while (read <= to)
        {
            (int[] places, int[] classes) = (reading ?? Read(read)).GetAwaiter().GetResult();
            int slot = read % 2 * Size;
            images.SubView((long)slot * perImage, (long)places.Length * perImage).Upload<byte>(
                device.Stream, window.AsSpan(0, places.Length * perImage));
            order.SubView((long)read * Size, places.Length).Upload<int>(device.Stream, places);
            if (labels.Length > 0)
                labels.SubView(slot, places.Length).Upload<int>(device.Stream, classes);
            firstKept = Math.Max(firstKept, read - 1);
            read++;
            // The copy is done, or in the stream's order behind pageable memory that the driver has taken already.
            device.Stream.Synchronize();
            reading = (long)read * Size < visited.Length ? Read(read) : null;
        }
    }

    public void Dispose() => Stop();

    private void Stop()
    {
        // What is being read into the window is waited for, not looked at.
        if (reading is not null)
            Task.WaitAny(reading);
        reading = null;
    }

    private Task<(int[] Places, int[] Labels)> Read(int number) => Task.Run(() =>
    {
        int first = number * Size, count = Math.Min(Size, visited.Length - first);
        int[] indices = visited[first..(first + count)], ranks = [.. Enumerable.Range(0, count)], places = new int[count];
        Array.Sort(indices, ranks);
        for (int i = 0; i < count; i++)
            places[ranks[i]] = number % 2 * Size + i;
        Span<byte> content = window.AsSpan(0, count * perImage);
        set.Source.Read(indices, content);
        if (set.Format == PixelFormat.Single)
            ValueCheck.RequireFinite(set.Name, set.Shape, indices, MemoryMarshal.Cast<byte, float>(content));
        return (places, set.Labels is { } all ? Array.ConvertAll(indices, index => all[index]) : []);
    });
}
