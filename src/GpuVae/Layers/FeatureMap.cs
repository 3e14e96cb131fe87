namespace GpuVae.Layers;

/// <summary>What a layer of a network makes of an image, channels innermost.</summary>
internal readonly record struct FeatureMap(int Height, int Width, int Channels)
{
    public int Places => Height * Width;

    public int Length => Height * Width * Channels;
}
