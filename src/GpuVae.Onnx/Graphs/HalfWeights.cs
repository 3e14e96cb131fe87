using System.Numerics.Tensors;
using GpuVae.Formats;
using Onnx;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx.Graphs;

/// <summary>Float16.</summary>
internal sealed class HalfWeights : WeightFormat
{
    public override (TensorProto[] Tensors, float[] Values) Store(NamedTensor weight, int channelAxis)
    {
        var halves = new Half[weight.Data.Length];
        float[] values = new float[halves.Length];
        TensorPrimitives.ConvertToHalf(weight.Data, halves);
        TensorPrimitives.ConvertToSingle(halves, values);
        return TensorPrimitives.IsFiniteAll<float>(values)
            ? ([Tensor(weight.Name, DataType.Float16, weight.Shape, halves)], values)
            : throw new BadInputException(
                $"{weight.Name} has weights beyond {(float)Half.MaxValue}, which float16 does not hold. Export it as float32 or int8.");
    }

    public override Value Restore(Value[] stored, int channelAxis) =>
        stored[0].Graph.Apply("Cast", stored[0].Shape, stored, ("to", (int)DataType.Float));
}
