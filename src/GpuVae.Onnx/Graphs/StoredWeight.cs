using System.Numerics.Tensors;
using GpuVae.Formats;
using Google.Protobuf;
using Onnx;

namespace GpuVae.Onnx.Graphs;

/// <summary>A layer's weight as a file holds it.</summary>
/// <param name="Tensors">The weight, and the scales of its channels where it has some.</param>
/// <param name="Rounded">The values that come back from it.</param>
internal sealed record StoredWeight(TensorProto[] Tensors, float[] Rounded)
{
    private const int MostLevels = 127;

    /// <param name="weight">In PyTorch's layout.</param>
    /// <param name="channelAxis">The axis of its output channels.</param>
    /// <param name="precision">How to store it.</param>
    /// <exception cref="BadInputException">A value is too large for float16.</exception>
    public static StoredWeight Of(NamedTensor weight, int channelAxis, OnnxPrecision precision) => precision switch
    {
        OnnxPrecision.Single => new([Tensor(weight.Name, TensorProto.Types.DataType.Float, weight.Shape, weight.Data)], weight.Data),
        OnnxPrecision.Half => Half(weight),
        OnnxPrecision.Int8 => Int8(weight, channelAxis),
        _ => throw new BadInputException(
            $"There is no precision {precision}; choose one of {string.Join(", ", Enum.GetNames<OnnxPrecision>())}."),
    };

    public static TensorProto Tensor<T>(string name, TensorProto.Types.DataType type, int[] shape, T[] values) where T : unmanaged => new()
    {
        Name = name,
        DataType = (int)type,
        Dims = { shape.Select(extent => (long)extent) },
        RawData = ByteString.CopyFrom(LittleEndian.Bytes<T>(values)),
    };

    private static StoredWeight Half(NamedTensor weight)
    {
        var halves = new Half[weight.Data.Length];
        float[] rounded = new float[halves.Length];
        TensorPrimitives.ConvertToHalf(weight.Data, halves);
        TensorPrimitives.ConvertToSingle(halves, rounded);
        return TensorPrimitives.IsFiniteAll<float>(rounded)
            ? new([Tensor(weight.Name, TensorProto.Types.DataType.Float16, weight.Shape, halves)], rounded)
            : throw new BadInputException(
                $"{weight.Name} has weights above {(float)System.Half.MaxValue}, which float16 does not hold; export it as float32 or int8.");
    }

    /// <summary>w ≈ scale·q, |q| ≤ 127, with a scale for each output channel.</summary>
    private static StoredWeight Int8(NamedTensor weight, int channelAxis)
    {
        int channels = weight.Shape[channelAxis], inner = weight.Shape[(channelAxis + 1)..].Aggregate(1, (a, b) => a * b);
        float[] scales = new float[channels], rounded = new float[weight.Data.Length];
        for (int i = 0; i < rounded.Length; i++)
            scales[ChannelOf(i)] = Math.Max(scales[ChannelOf(i)], Math.Abs(weight.Data[i]) / MostLevels);
        sbyte[] levels = new sbyte[rounded.Length];
        for (int i = 0; i < rounded.Length; i++)
        {
            float scale = scales[ChannelOf(i)];
            levels[i] = scale == 0 ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(weight.Data[i] / scale), -MostLevels, MostLevels);
            rounded[i] = levels[i] * scale;
        }
        return new(
            [
                Tensor(weight.Name, TensorProto.Types.DataType.Int8, weight.Shape, levels),
                Tensor($"{weight.Name}.scale", TensorProto.Types.DataType.Float, [channels], scales),
            ],
            rounded);

        int ChannelOf(int i) => i / inner % channels;
    }
}
