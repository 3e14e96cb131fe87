using GpuVae.Models;
using GpuVae.Onnx.Graphs;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx.Latent;

/// <summary>Numbers of discrete codes from an encoder's vectors, and the codes' own vectors from their numbers.</summary>
/// <param name="model">Whose.</param>
internal abstract class QuantizerNodes(Vae model)
{
    public static QuantizerNodes Create(Vae model) =>
        model.Options.Quantization == Quantization.Codebook ? new CodebookNodes(model) : new ScalarNodes(model);

    /// <summary>z [D, height, width] to numbers [height, width].</summary>
    public abstract Value Numbers(Value z);

    /// <summary>Numbers [height, width] to vectors [D, height, width].</summary>
    public Value Vectors(Value numbers)
    {
        Graph graph = numbers.Graph;
        (int width, int height, int size) = model.Options.Grid;
        Value table = graph.Constant("codes.vectors", Table(), model.Options.CodeCount, size);
        Value rows = graph.Apply("Gather", [height, width, size], [table, numbers], ("axis", 0));
        return graph.Apply("Transpose", [size, height, width], [rows], ("perm", new[] { 0, 3, 1, 2 }));
    }

    /// <summary>The vectors of all codes, [K, D].</summary>
    protected abstract float[] Table();

    /// <summary>A constant for each number of a vector, [D, 1, 1].</summary>
    protected static Value OfNumbers(Graph graph, string name, IEnumerable<float> values)
    {
        float[] all = [.. values];
        return graph.Constant(name, all, all.Length, 1, 1);
    }

    protected static Value Integers(Value x) => x.Graph.Apply("Cast", x.Shape, [x], ("to", (int)DataType.Int64));
}
