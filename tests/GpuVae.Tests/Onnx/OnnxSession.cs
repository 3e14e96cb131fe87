using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace GpuVae.Tests.Onnx;

/// <summary>A file in ONNX Runtime.</summary>
internal sealed class OnnxSession(string path) : IDisposable
{
    private readonly InferenceSession session = new(path);

    public IReadOnlyDictionary<string, string> Metadata => session.ModelMetadata.CustomMetadataMap;

    /// <summary>Names with their dimensions: <c>image batch 1 28 28</c>.</summary>
    public IEnumerable<string> Inputs => session.InputMetadata.Select(Describe);

    /// <inheritdoc cref="Inputs"/>
    public IEnumerable<string> Outputs => session.OutputMetadata.Select(Describe);

    /// <summary>
    /// Runs a batch, and looks whether what comes out has the shape that it is said to have; inputs that the file does not take are left
    /// out.
    /// </summary>
    public Dictionary<string, float[]> Run(int batch, params (string Name, Array Values)[] inputs)
    {
        NamedOnnxValue[] given =
        [
            .. from input in inputs
               where session.InputMetadata.ContainsKey(input.Name)
               let shape = session.InputMetadata[input.Name].Dimensions.Select(extent => extent < 0 ? batch : extent).ToArray()
               select input.Values is float[] values
                   ? NamedOnnxValue.CreateFromTensor(input.Name, new DenseTensor<float>(values, shape))
                   : NamedOnnxValue.CreateFromTensor(
                       input.Name, new DenseTensor<long>(Array.ConvertAll((int[])input.Values, label => (long)label), shape)),
        ];
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run(given);
        Assert.All(outputs, output => Assert.Equal(
            session.OutputMetadata[output.Name].Dimensions.Select(extent => extent < 0 ? batch : extent),
            DimensionsOf(output)));
        return outputs.ToDictionary(output => output.Name, output => output.Value is DenseTensor<long> numbers
            ? [.. numbers.Select(number => (float)number)]
            : output.AsTensor<float>().ToArray());

        static int[] DimensionsOf(DisposableNamedOnnxValue output) =>
            (output.Value is DenseTensor<long> numbers ? numbers.Dimensions : output.AsTensor<float>().Dimensions).ToArray();
    }

    public void Dispose() => session.Dispose();

    private static string Describe(KeyValuePair<string, NodeMetadata> entry) =>
        string.Join(' ', entry.Value.Dimensions.Zip(entry.Value.SymbolicDimensions).Select(extent =>
            extent.First < 0 ? extent.Second : $"{extent.First}").Prepend(entry.Key));
}
