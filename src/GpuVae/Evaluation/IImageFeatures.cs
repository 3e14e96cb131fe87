namespace GpuVae.Evaluation;

/// <summary>What a network that knows images makes of them, in whose features distributions of images are compared.</summary>
public interface IImageFeatures
{
    /// <summary>Of the network, for figures: FD (ResNet18).</summary>
    string Name { get; }

    /// <summary>Features of an image.</summary>
    int Count { get; }

    /// <summary>What becomes of an image before the network sees it, for the protocol.</summary>
    string Preparation { get; }

    /// <summary>The features of images.</summary>
    /// <param name="images">[n, pixels] in [0, 1], planar; values outside are cut off.</param>
    /// <param name="shape">Of each.</param>
    /// <param name="features">[n, <see cref="Count"/>], written.</param>
    void Extract(ReadOnlySpan<float> images, ImageShape shape, Span<float> features);
}
