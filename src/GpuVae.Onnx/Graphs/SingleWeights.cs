using GpuVae.Formats;
using Onnx;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx.Graphs;

/// <summary>As they are.</summary>
internal sealed class SingleWeights : WeightFormat
{
    public override (TensorProto[] Tensors, float[] Values) Store(NamedTensor weight, int channelAxis) =>
        ([Tensor(weight.Name, DataType.Float, weight.Shape, weight.Data)], weight.Data);

    public override Value Restore(Value[] stored, int channelAxis) => stored[0];
}
