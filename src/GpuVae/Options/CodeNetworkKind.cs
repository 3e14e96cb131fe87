namespace GpuVae.Options;

/// <summary>What gives the distribution of a code from those before it, row by row.</summary>
public enum CodeNetworkKind
{
    /// <summary>A gated PixelCNN: masked convolutions (van den Oord et al. 2016, arXiv:1606.05328).</summary>
    PixelCnn,

    /// <summary>A causal transformer: attention to all codes before (Vaswani et al. 2017, arXiv:1706.03762).</summary>
    Transformer,
}
