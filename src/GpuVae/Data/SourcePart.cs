namespace GpuVae.Data;

/// <summary>Some of the images of a source, by their numbers there.</summary>
internal sealed class SourcePart(IImageSource source, int[] indices) : IImageSource
{
    public int Count => indices.Length;

    public ImageShape Shape => source.Shape;

    public PixelFormat Format => source.Format;

    public void Read(ReadOnlySpan<int> wanted, Span<byte> destination)
    {
        int[] there = new int[wanted.Length];
        for (int i = 0; i < there.Length; i++)
            there[i] = indices[wanted[i]];
        source.Read(there, destination);
    }
}
