using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Data;

/// <summary>
/// Pictures in files on their way into a set. All headers come first; then each picture is decoded and put into its place at once.
/// Small ones are worked on several at a time, as long as they have together no more pixels than a single one may have: so there is never
/// more in memory beside the set than the largest picture takes.
/// </summary>
internal sealed class Pictures
{
    /// <summary>So many bytes of a file take as much memory as a pixel that is decoded.</summary>
    private const int BytesPerPixel = 4;

    private readonly string title;
    private readonly IReadOnlyList<DataFile> files;
    private readonly DataOptions options;
    private readonly ParallelOptions several;
    private readonly long[] costs;
    private readonly bool isColoured;
    private readonly PixelFormat format;
    private readonly object door = new();
    private long underWay;

    /// <summary>Reads the headers.</summary>
    /// <exception cref="BadInputException">One is broken, or they declare more pixels than the options allow.</exception>
    public Pictures(string title, IReadOnlyList<DataFile> files, DataOptions options, CancellationToken cancellation)
    {
        (this.title, this.files, this.options) = (title, files, options);
        several = new ParallelOptions { CancellationToken = cancellation };
        costs = [.. files.Select(file => file.Length / BytesPerPixel)];
        var facts = new ImageFacts[files.Count];
        ForEach(0, (i, _) => facts[i] = ImageFile.Identify(Content(i), files[i].Title, options.MaxPixels));
        isColoured = facts.Any(of => of.IsColoured);
        format = facts.Any(of => of.IsDeep) ? PixelFormat.UInt16 : PixelFormat.Byte;
        long pixels = 0;
        for (int i = 0; i < facts.Length; i++)
        {
            long declared = (long)facts[i].Width * facts[i].Height;
            costs[i] = Math.Max(costs[i], declared);
            pixels += options.Size is { } size ? size.Width * size.Height : declared;
        }
        if (!options.IsStreamed)
            options.RequireKeeps(pixels * Channels * format.BytesPerValue(), title);
    }

    /// <summary>The pictures that the options take, as a set with the labels of all, if there are any.</summary>
    /// <exception cref="BadInputException">As for an image folder.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet Load(
        string path, DataFile[] files, int[]? labels, string[]? names, DataOptions options, CancellationToken cancellation)
    {
        (int first, int count) = options.Taken(files.Length, path);
        var pictures = new Pictures(path, files[first..(first + count)], options, cancellation);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        return new ImageSet(name, pictures.Source(), labels?[first..(first + count)], names) { FileNames = pictures.FileNames };
    }

    /// <summary>What the pictures are called.</summary>
    public string[] FileNames => [.. files.Select(file => file.Name)];

    /// <summary>The images, in memory unless the options say that they are streamed.</summary>
    /// <exception cref="BadInputException">One is broken, or they differ in size.</exception>
    public IImageSource Source()
    {
        if (!options.IsStreamed)
        {
            (ImageShape shape, byte[] pixels) = Decode();
            return new PixelArray(shape, format, pixels);
        }
        IRaster first = Prepare(0);
        return new PictureStream(files, new ImageShape(first.Width, first.Height, Channels), format, options);
    }

    /// <summary>As far as the headers tell.</summary>
    private int Channels => options.Channels ?? (isColoured ? 3 : 1);

    /// <summary>The shape of all, and their pixels as <see cref="ImageSet.Pixels"/>.</summary>
    /// <exception cref="BadInputException">One is broken, or they differ in size.</exception>
    private (ImageShape Shape, byte[] Pixels) Decode() => Decode(Channels) ?? Decode(3)!.Value;

    /// <summary>Null where a picture turns out to have more channels.</summary>
    private (ImageShape Shape, byte[] Pixels)? Decode(int channels)
    {
        IRaster first = Prepare(0);
        (int width, int height) = (first.Width, first.Height);
        if (first.Channels > channels)
            return null;
        int perImage = width * height * channels * format.BytesPerValue();
        options.RequireKeeps((long)perImage * files.Count, title);
        byte[] pixels = new byte[perImage * files.Count];
        first.WithChannels(channels).CopyToPlanar(pixels.AsSpan(0, perImage));
        bool fits = true;
        ForEach(1, (i, loop) =>
        {
            IRaster image = Prepare(i);
            if ((image.Width, image.Height) != (width, height))
                throw new BadInputException(
                    $"The images differ in size: {files[0].Title} has {width}×{height} pixels, {files[i].Title} has "
                    + $"{image.Width}×{image.Height}. Bring them to one size with DataOptions.Size or, where a model says which, "
                    + "fit: true.");
            if (image.Channels > channels)
            {
                fits = false;
                loop.Stop();
                return;
            }
            image.WithChannels(channels).CopyToPlanar(pixels.AsSpan(i * perImage, perImage));
        });
        return fits ? (new ImageShape(width, height, channels), pixels) : null;
    }

    private byte[] Content(int i) => files[i].ReadAll(ImageFile.MaxBytes(options.MaxPixels));

    private IRaster Prepare(int i)
    {
        IRaster image = format.Decode(Content(i), files[i].Title, options.MaxPixels);
        // Alpha goes first: averaging colours of transparent pixels would let them shine through at the edges.
        image = image.WithChannels(options.Channels ?? (image.Channels == 1 ? 1 : 3));
        return options.Size is { } size ? image.Fit(size.Width, size.Height) : image;
    }

    private void ForEach(int start, Action<int, ParallelLoopState> act)
    {
        try
        {
            // One after the other, so that all threads are in the same part of an archive.
            OrderablePartitioner<int> oneByOne = Partitioner.Create(
                Enumerable.Range(start, files.Count - start), EnumerablePartitionerOptions.NoBuffering);
            Parallel.ForEach(oneByOne, several, (i, loop) =>
            {
                Enter(costs[i]);
                try
                {
                    act(i, loop);
                }
                finally
                {
                    Leave(costs[i]);
                }
            });
        }
        catch (AggregateException errors)
        {
            ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]);
        }
    }

    /// <summary>Waits until there is room for a picture, or it is the only one.</summary>
    private void Enter(long cost)
    {
        lock (door)
        {
            while (underWay > 0 && underWay + cost > options.MaxPixels)
                Monitor.Wait(door);
            underWay += cost;
        }
    }

    private void Leave(long cost)
    {
        // What a large picture leaves is given back to the system before the next one comes, else two would be in memory.
        if (cost > ImageSharpCodec.LargePicture)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        lock (door)
        {
            underWay -= cost;
            Monitor.PulseAll(door);
        }
    }
}
