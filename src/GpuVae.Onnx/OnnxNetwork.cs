using GpuVae.Formats;
using GpuVae.Layers;
using GpuVae.Onnx.Networks;
using Google.Protobuf;
using Onnx;

namespace GpuVae.Onnx;

/// <summary>Networks of others, from ONNX files.</summary>
public static class OnnxNetwork
{
    // Of a file, as protobuf counts.
    private const long MostBytes = int.MaxValue;

    /// <summary>
    /// The convolutional part of a classifier, for the perceptual term of a training. The network takes RGB images (or grey ones), [number,
    /// 3, height, width] of any or of a fixed size, values from 0 to 255; it is run at other sizes, too.
    /// </summary>
    /// <remarks>
    /// Up to the first Flatten, Reshape, Gemm, MatMul, ReduceMean, global pooling or average pooling with a stride of 1 it consists of Conv
    /// (square kernel, one stride, one group, no dilation), BatchNormalization after one, Relu after either or after Add, MaxPool,
    /// AveragePool and Add. Before the first of these a Split and Concat of channels, Add, Sub, Mul and Div by constants and
    /// BatchNormalization bring images to what the network knows; a mean image counts by its channels' means. Padding may be less at the
    /// end of an axis than at its beginning, by less than the stride, as it is written for even sides: it then is that of the beginning.
    /// </remarks>
    /// <param name="paths">One file, or several of which each is given what the one before it gave.</param>
    /// <exception cref="BadInputException">
    /// A file is missing or broken, takes no images, or has something else in its convolutional part; the message names it.
    /// </exception>
    public static FrozenNetwork Read(params IReadOnlyList<string> paths)
    {
        ArgumentOutOfRangeException.ThrowIfZero(paths.Count);
        NetworkReader? reader = null;
        foreach (string path in paths)
        {
            reader = new NetworkReader(path, GraphOf(path), reader);
            reader.Read();
        }
        return reader!.Network(Path.GetFileNameWithoutExtension(paths[^1]));
    }

    private static GraphProto GraphOf(string path)
    {
        byte[] content = InputFile.ReadAllBytes(path, MostBytes);
        try
        {
            if (ModelProto.Parser.ParseFrom(content).Graph is { } graph)
                return graph;
        }
        catch (InvalidProtocolBufferException error)
        {
            throw NoNetwork(path, error);
        }
        throw NoNetwork(path, null);
    }

    private static BadInputException NoNetwork(string path, Exception? error) => new(
        $"{path} is no ONNX file{(error is null ? "" : $" ({error.Message.TrimEnd('.')})")}. Name a network that was exported as ONNX.",
        error);
}
