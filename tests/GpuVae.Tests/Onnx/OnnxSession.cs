using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace GpuVae.Tests.Onnx;

/// <summary>A file in ONNX Runtime.</summary>
internal sealed class OnnxSession(string path) : IDisposable
{
    private readonly InferenceSession session = new(path);

    public IReadOnlyDictionary<string, string> Metadata => session.ModelMetadata.CustomMetadataMap;

    /// <summary>Names and dimensions, -1 for the batch.</summary>
    public IReadOnlyDictionary<string, int[]> Inputs => Dimensions(session.InputMetadata);

    /// <inheritdoc cref="Inputs"/>
    public IReadOnlyDictionary<string, int[]> Outputs => Dimensions(session.OutputMetadata);

    /// <summary>Runs a batch; inputs that the file does not take are left out.</summary>
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
        return outputs.ToDictionary(output => output.Name, output => output.AsTensor<float>().ToArray());
    }

    public void Dispose() => session.Dispose();

    private static Dictionary<string, int[]> Dimensions(IReadOnlyDictionary<string, NodeMetadata> metadata) =>
        metadata.ToDictionary(entry => entry.Key, entry => entry.Value.Dimensions);
}
