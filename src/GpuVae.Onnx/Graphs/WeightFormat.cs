using GpuVae.Formats;
using Google.Protobuf;
using Onnx;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx.Graphs;

/// <summary>How files hold the weights of linear and convolutional layers.</summary>
internal abstract class WeightFormat
{
    /// <summary>What stands in the file, the weight first, and the values that come back from it.</summary>
    /// <param name="weight">In PyTorch's layout.</param>
    /// <param name="channelAxis">The axis of its output channels.</param>
    /// <exception cref="BadInputException">The format does not hold a value.</exception>
    public abstract (TensorProto[] Tensors, float[] Values) Store(NamedTensor weight, int channelAxis);

    /// <summary>The weight in float32.</summary>
    /// <param name="stored">What <see cref="Store"/> gave.</param>
    /// <param name="channelAxis">As there.</param>
    public abstract Value Restore(Value[] stored, int channelAxis);

    /// <summary>Values as they stand in a file.</summary>
    public static TensorProto Tensor<T>(string name, DataType type, int[] shape, T[] values) where T : unmanaged => new()
    {
        Name = name,
        DataType = (int)type,
        Dims = { shape.Select(extent => (long)extent) },
        RawData = ByteString.CopyFrom(LittleEndian.Bytes<T>(values)),
    };
}
