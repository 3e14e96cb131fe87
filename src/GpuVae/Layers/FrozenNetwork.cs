using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace GpuVae.Layers;

/// <summary>
/// The convolutional part of a network that was trained elsewhere, as a description with its weights: what <c>GpuVae.Onnx</c> reads from a
/// file, and a training measures perceptual distances with. It belongs to no size of images, as its layers do not.
/// </summary>
public sealed class FrozenNetwork
{
    /// <param name="name">For people.</param>
    /// <param name="input">What makes each channel of the first value.</param>
    /// <param name="nodes">In the order in which they are computed: node i gives value i + 1, and takes values before that.</param>
    /// <exception cref="ArgumentException">A node takes a value that is not there yet, or weights are of another length.</exception>
    public FrozenNetwork(string name, IReadOnlyList<FrozenChannel> input, IReadOnlyList<FrozenNode> nodes)
    {
        (Name, Input, Nodes) = (name, input, nodes);
        for (int i = 0; i < nodes.Count; i++)
        {
            if (nodes[i].Inputs.Any(value => value < 0 || value > i))
                throw new ArgumentException($"Node {i} takes a value that is not there yet.", nameof(nodes));
            if (nodes[i] is FrozenConvolution c
                && (c.Weight.Length != c.Kernel * c.Kernel * c.ChannelsIn * c.ChannelsOut || c.Bias.Length != c.ChannelsOut))
                throw new ArgumentException($"The weights of node {i} are of another length than its shape says.", nameof(nodes));
        }
    }

    /// <summary>For people.</summary>
    public string Name { get; }

    /// <summary>What makes each channel of value 0 of an image.</summary>
    public IReadOnlyList<FrozenChannel> Input { get; }

    /// <summary>Node i gives value i + 1.</summary>
    public IReadOnlyList<FrozenNode> Nodes { get; }

    /// <summary>Whether it takes colours; grey images then stand for all three.</summary>
    internal bool TakesColours => Input.Any(channel => channel.Source > 0);

    /// <summary>SHA-256 of all that it computes with: two networks with the same are the same.</summary>
    public string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join(';', Input)));
        foreach (FrozenNode node in Nodes)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($";{node}"));
            if (node is not FrozenConvolution convolution)
                continue;
            hash.AppendData(MemoryMarshal.AsBytes<float>(convolution.Weight));
            hash.AppendData(MemoryMarshal.AsBytes<float>(convolution.Bias));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>A channel as a network takes it: scale·x + shift, x in [0, 1].</summary>
/// <param name="Source">Of the image: 0 of a grey one, or red, green and blue from 0 on.</param>
/// <param name="Scale">Of the values.</param>
/// <param name="Shift">Added to them.</param>
public readonly record struct FrozenChannel(int Source, float Scale, float Shift);

/// <summary>Something that a <see cref="FrozenNetwork"/> computes from earlier values.</summary>
/// <param name="Inputs">The values: 0 is the image, i + 1 what node i gives.</param>
/// <param name="IsRectified">Whether max(·, 0) comes last.</param>
public abstract record FrozenNode(IReadOnlyList<int> Inputs, bool IsRectified);

/// <summary>A convolution with what normalised its output folded into it.</summary>
/// <param name="Input">The value that it takes.</param>
/// <param name="ChannelsIn">Of that.</param>
/// <param name="ChannelsOut">Of what it gives.</param>
/// <param name="Kernel">Rows and columns of the kernel.</param>
/// <param name="Stride">In both directions.</param>
/// <param name="Padding">Rows and columns of zeros on each side.</param>
/// <param name="Weight">[out, in, kernel, kernel].</param>
/// <param name="Bias">[out].</param>
/// <param name="IsRectified">Whether max(·, 0) comes last.</param>
public sealed record FrozenConvolution(
    int Input, int ChannelsIn, int ChannelsOut, int Kernel, int Stride, int Padding, float[] Weight, float[] Bias, bool IsRectified)
    : FrozenNode([Input], IsRectified)
{
    /// <summary>Its shape, for <see cref="FrozenNetwork.Digest"/>.</summary>
    public override string ToString() =>
        $"convolution {Input} {ChannelsIn} {ChannelsOut} {Kernel} {Stride} {Padding} {IsRectified}";
}

/// <summary>Maxima or means of windows.</summary>
/// <param name="Input">The value that it takes.</param>
/// <param name="Kernel">Rows and columns of a window.</param>
/// <param name="Stride">In both directions.</param>
/// <param name="Padding">By which windows reach beyond the image on each side; less than the kernel. Zeros there count in means.</param>
/// <param name="IsMaximum">Or the mean.</param>
public sealed record FrozenPooling(int Input, int Kernel, int Stride, int Padding, bool IsMaximum) : FrozenNode([Input], false)
{
    /// <inheritdoc cref="FrozenConvolution.ToString"/>
    public override string ToString() => $"pooling {Input} {Kernel} {Stride} {Padding} {IsMaximum}";
}

/// <summary>The sum of two values, as at the end of a residual block.</summary>
/// <param name="Left">One of them.</param>
/// <param name="Right">The other.</param>
/// <param name="IsRectified">Whether max(·, 0) comes last.</param>
public sealed record FrozenSum(int Left, int Right, bool IsRectified) : FrozenNode([Left, Right], IsRectified)
{
    /// <inheritdoc cref="FrozenConvolution.ToString"/>
    public override string ToString() => $"sum {Left} {Right} {IsRectified}";
}
