using GpuVae.Models;
using GpuVae.Onnx.Graphs;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx.Latent;

/// <summary>Numbers of discrete codes from an encoder's vectors, and the codes' own vectors from their numbers.</summary>
/// <param name="model">Whose.</param>
/// <param name="grid">Of the codes.</param>
/// <param name="prefix">Of the names of what belongs to the grid; empty where there is no other.</param>
internal abstract class QuantizerNodes(Vae model, ImageShape grid, string prefix)
{
    /// <summary>For each grid, the top one first.</summary>
    public static QuantizerNodes[] Create(Vae model)
    {
        VaeOptions options = model.Options;
        return options.TopGrid is { } top ? [Of(top, "top_"), Of(options.Grid, "bottom_")] : [Of(options.Grid, "")];

        QuantizerNodes Of(ImageShape grid, string prefix) => options.Quantization == Quantization.Codebook
            ? new CodebookNodes(model, grid, prefix)
            : new ScalarNodes(model, grid, prefix);
    }

    public ImageShape Grid => grid;

    /// <summary>What the numbers are called outside.</summary>
    public string NumbersName => $"{prefix}numbers";

    public string NumbersMeaning => $"of the codes of the {prefix.Replace('_', ' ')}grid, row by row";

    /// <summary>z [D, height, width] to numbers [height, width].</summary>
    public abstract Value Numbers(Value z);

    /// <summary>Numbers [height, width] to vectors [D, height, width].</summary>
    public Value Vectors(Value numbers)
    {
        Graph graph = numbers.Graph;
        (int width, int height, int size) = grid;
        Value table = graph.Constant(Named("vectors"), Table(), model.Options.CodeCount, size);
        Value rows = graph.Apply("Gather", [height, width, size], [table, numbers], ("axis", 0));
        return graph.Apply("Transpose", [size, height, width], [rows], ("perm", new[] { 0, 3, 1, 2 }));
    }

    /// <summary>The name of a constant of the grid.</summary>
    protected string Named(string constant) => $"codes.{prefix}{constant}";

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
