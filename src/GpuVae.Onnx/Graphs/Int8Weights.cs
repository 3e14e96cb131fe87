using GpuVae.Formats;
using Onnx;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx.Graphs;

/// <summary>w ≈ scale·q with whole numbers |q| ≤ 127 and, for each output channel, the scale that its largest weight needs.</summary>
internal sealed class Int8Weights : WeightFormat
{
    private const int MostLevels = 127;

    public override (TensorProto[] Tensors, float[] Values) Store(NamedTensor weight, int channelAxis)
    {
        int channels = weight.Shape[channelAxis], inner = weight.Shape[(channelAxis + 1)..].Aggregate(1, (a, b) => a * b);
        float[] scales = new float[channels], values = new float[weight.Data.Length];
        for (int i = 0; i < values.Length; i++)
            scales[ChannelOf(i)] = Math.Max(scales[ChannelOf(i)], Math.Abs(weight.Data[i]) / MostLevels);
        sbyte[] levels = new sbyte[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            float scale = scales[ChannelOf(i)];
            // A channel of nothing but zeros, or of what is next to it, has none.
            levels[i] = scale == 0 ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(weight.Data[i] / scale), -MostLevels, MostLevels);
            values[i] = levels[i] * scale;
        }
        return (
            [
                Tensor(weight.Name, DataType.Int8, weight.Shape, levels),
                Tensor($"{weight.Name}.scale", DataType.Float, [channels], scales),
            ],
            values);

        int ChannelOf(int i) => i / inner % channels;
    }

    public override Value Restore(Value[] stored, int channelAxis) =>
        stored[0].Graph.Apply("DequantizeLinear", stored[0].Shape, stored, ("axis", channelAxis));
}
