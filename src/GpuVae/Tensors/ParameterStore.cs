using GpuVae.Devices;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Tensors;

/// <summary>
/// All parameters of a model in one flat float32 buffer on the device, so that the optimizer is one launch and a checkpoint one copy.
/// Slices start at multiples of <see cref="ArenaPlan.Alignment"/>; the gaps are zero and stay zero.
/// </summary>
public sealed class ParameterStore : IDisposable
{
    private readonly MemoryBuffer1D<float, Stride1D.Dense> values;
    private readonly Parameter[] parameters;
    private readonly AcceleratorStream stream;

    internal ParameterStore(ComputeDevice device, IEnumerable<(string Name, int[] Shape)> shapes)
    {
        stream = device.Stream;
        var list = new List<Parameter>();
        long offset = 0;
        foreach ((string name, int[] shape) in shapes)
        {
            var parameter = new Parameter(name, shape, offset);
            list.Add(parameter);
            offset += ArenaPlan.Align(parameter.Length);
        }
        parameters = [.. list];
        values = device.Accelerator.Allocate1D<float>(offset);
        values.View.MemSetToZero(stream);
    }

    /// <summary>In the order in which PyTorch's <c>state_dict</c> lists them.</summary>
    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>The flat buffer, gaps included.</summary>
    public ArrayView<float> Values => values.View;

    /// <summary>Numbers that are learned, gaps not included.</summary>
    public long Count => parameters.Sum(parameter => (long)parameter.Length);

    /// <summary>
    /// The slice of <paramref name="parameter"/> in <see cref="Values"/> or in a buffer laid out like it (gradients, moments).
    /// </summary>
    public static ArrayView<float> Slice(ArrayView<float> flat, Parameter parameter) => flat.SubView(parameter.Offset, parameter.Length);

    /// <exception cref="KeyNotFoundException">There is no such parameter.</exception>
    public Parameter this[string name] => Array.Find(parameters, parameter => parameter.Name == name)
        ?? throw new KeyNotFoundException($"There is no parameter '{name}'.");

    /// <summary>Copies one parameter to the host; waits for the device.</summary>
    public float[] Read(Parameter parameter) => Slice(Values, parameter).GetAsArray(stream);

    /// <summary>Overwrites one parameter from the host.</summary>
    /// <exception cref="ArgumentException">The length is not that of the parameter.</exception>
    public void Write(Parameter parameter, ReadOnlySpan<float> data)
    {
        if (data.Length != parameter.Length)
            throw new ArgumentException($"{parameter.Name} has {parameter.Length} values, not {data.Length}.", nameof(data));
        Slice(Values, parameter).CopyFromCPU(stream, data);
    }

    public void Dispose() => values.Dispose();
}
