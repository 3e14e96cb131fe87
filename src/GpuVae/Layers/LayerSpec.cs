using GpuVae.Devices;

namespace GpuVae.Layers;

/// <summary>
/// A layer of an encoder or decoder of the caller's own. Sizes follow from what goes in; the last layer, which gives what the posterior or
/// the likelihood asks for, is added by <c>Vae</c>.
/// </summary>
/// <remarks>An encoder begins with the image, a decoder with the code, [latent].</remarks>
public sealed class LayerSpec
{
    private readonly string description;
    private readonly Action<NetworkBuilder> append;

    private LayerSpec(string description, Action<NetworkBuilder> append) => (this.description, this.append) = (description, append);

    /// <summary>Fully connected: PyTorch's <c>nn.Linear(…, width)</c> and an activation; an image is flattened before.</summary>
    public static LayerSpec Linear(int width, Activation? activation = null) =>
        new($"linear {width}{After(activation)}", builder => builder.AddLinear(width, activation));

    /// <summary>
    /// PyTorch's <c>nn.Conv2d(…, channels, kernel, stride, padding)</c> with the padding that keeps the size, or with a stride of 2 halves
    /// it, and an activation.
    /// </summary>
    /// <param name="channels">That come out.</param>
    /// <param name="kernel">An odd number; with a stride of 2 also 4, for images with even sides.</param>
    /// <param name="stride">1 or 2.</param>
    /// <param name="activation">Null for none.</param>
    public static LayerSpec Convolution(int channels, int kernel = 3, int stride = 1, Activation? activation = null) => new(
        $"convolution {channels}, {kernel}×{kernel}/{stride}{After(activation)}",
        builder => builder.AddConvolution(channels, kernel, stride, activation));

    /// <summary>A vector as an image of this size, with as many channels as that makes: PyTorch's <c>nn.Unflatten</c>.</summary>
    public static LayerSpec Unflatten(int width, int height) =>
        new($"unflatten {width}×{height}", builder => builder.AddUnflatten(width, height));

    /// <summary>Each pixel twice in both directions: PyTorch's <c>nn.Upsample(scale_factor=2, mode="nearest")</c>.</summary>
    public static LayerSpec Upsampling() => new("upsampling", builder => builder.AddUpsampling());

    /// <summary>Normalised over groups of channels, 8 or the largest power of two below that divides them: <c>nn.GroupNorm</c>.</summary>
    public static LayerSpec GroupNorm(Activation? activation = null) =>
        new($"group norm{After(activation)}", builder => builder.AddGroupNorm(activation));

    /// <summary>y = f(x + F(x)) with two 3 × 3 convolutions in F; see <see cref="VaeOptions.ResidualBlocks"/>.</summary>
    public static LayerSpec Residual(Activation activation, bool groupNorm = false) => new(
        $"residual block{(groupNorm ? " with group norm" : "")}{After(activation)}",
        builder => builder.AddResidual(activation, groupNorm));

    /// <summary>A layer of the caller's own. An image stays one where as many columns come out as go in; else a vector comes out.</summary>
    public static LayerSpec Custom(CustomLayer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return new($"{layer.GetType()} {layer.Inputs}→{layer.Outputs}", builder => builder.AddCustom(layer));
    }

    /// <summary>As it stands in the options of the model.</summary>
    public override string ToString() => description;

    internal void AddTo(NetworkBuilder builder) => append(builder);

    private static string After(Activation? activation) => activation is null ? "" : $" {activation.Kind?.ToString() ?? activation.Name}";
}
