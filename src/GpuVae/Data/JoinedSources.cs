namespace GpuVae.Data;

/// <summary>Sources of one shape and format, one after the other.</summary>
internal sealed class JoinedSources : IImageSource
{
    private readonly IImageSource[] sources;
    private readonly int[] starts;
    private readonly int perImage;

    public JoinedSources(IEnumerable<IImageSource> sources)
    {
        this.sources = [.. sources];
        starts = new int[this.sources.Length + 1];
        for (int i = 0; i < this.sources.Length; i++)
            starts[i + 1] = checked(starts[i] + this.sources[i].Count);
        perImage = Shape.Pixels * Format.BytesPerValue();
    }

    public int Count => starts[^1];

    public ImageShape Shape => sources[0].Shape;

    public PixelFormat Format => sources[0].Format;

    public void Read(ReadOnlySpan<int> indices, Span<byte> destination)
    {
        int[] there = new int[indices.Length];
        for (int first = 0, count; first < indices.Length; first += count)
        {
            int source = SourceOf(indices[first]);
            for (count = 0; first + count < indices.Length && SourceOf(indices[first + count]) == source; count++)
                there[first + count] = indices[first + count] - starts[source];
            sources[source].Read(there.AsSpan(first, count), destination.Slice(first * perImage, count * perImage));
        }
    }

    private int SourceOf(int index)
    {
        int source = 0;
        while (index >= starts[source + 1])
            source++;
        return source;
    }
}
