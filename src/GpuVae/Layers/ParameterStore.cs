using GpuVae.Devices;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// All parameters of a model in one flat float32 buffer on the device, so that the optimizer is one launch and a checkpoint one copy.
/// Slices start at multiples of 64 elements; the gaps are zero and stay zero.
/// </summary>
/// <remarks>
/// On the device a weight lies transposed, [in, out]: a layer's product then reads it row by row as it lies, in training and in generation.
/// A kernel of a convolution [a, b, k, k] lies as [k, k, b, a], so that channels are innermost as in its images.
/// Everything that leaves the device through this class, or comes in, has PyTorch's layout [out, in], or [a, b, k, k].
/// </remarks>
public sealed class ParameterStore : IDisposable
{
    private readonly MemoryBuffer1D<float, Stride1D.Dense> values;
    private readonly Parameter[] parameters;
    private readonly ComputeDevice device;

    internal ParameterStore(ComputeDevice device, IEnumerable<(string Name, int[] Shape)> shapes)
    {
        this.device = device;
        var list = new List<Parameter>();
        long offset = 0;
        foreach ((string name, int[] shape) in shapes)
        {
            var parameter = new Parameter(name, shape, offset);
            list.Add(parameter);
            offset += ArenaPlan.Align(parameter.Length);
        }
        parameters = [.. list];
        DeviceMemory.Require(device, offset, "weights");
        values = device.Accelerator.Allocate1D<float>(offset);
        values.View.MemSetToZero(device.Stream);
    }

    /// <summary>Length of <see cref="Values"/> of parameters of these shapes, before anything is allocated for them.</summary>
    internal static long LengthOf(IEnumerable<(string Name, int[] Shape)> shapes) =>
        shapes.Sum(parameter => ArenaPlan.Align(parameter.Shape.Aggregate(1L, (product, extent) => product * extent)));

    /// <summary>In the order in which PyTorch's <c>state_dict</c> lists them.</summary>
    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>The flat buffer, gaps included, weights [in, out].</summary>
    public ArrayView<float> Values => values.View;

    /// <summary>Numbers that are learned by their gradients, gaps not included.</summary>
    public long Count => parameters.Where(parameter => parameter.HasGradient).Sum(parameter => (long)parameter.Length);

    /// <summary>Of <see cref="Values"/> those at the start that are learned by their gradients, gaps included.</summary>
    internal long LearnedLength =>
        Array.Find(parameters, parameter => !parameter.HasGradient)?.Offset ?? values.Length;

    /// <summary>
    /// The slice of <paramref name="parameter"/> in <see cref="Values"/> or in a buffer laid out like it (gradients, moments); a weight
    /// [in, out].
    /// </summary>
    public static ArrayView<float> Slice(ArrayView<float> flat, Parameter parameter) => flat.SubView(parameter.Offset, parameter.Length);

    /// <exception cref="KeyNotFoundException">There is no such parameter.</exception>
    public Parameter this[string name] => Array.Find(parameters, parameter => parameter.Name == name)
        ?? throw new KeyNotFoundException($"There is no parameter '{name}'.");

    /// <summary>Copies one parameter to the host, in PyTorch's layout; waits for the device.</summary>
    /// <exception cref="InvalidOperationException">Another thread is using the device.</exception>
    public float[] Read(Parameter parameter) => Read(parameter, Values);

    /// <summary>
    /// The same from a buffer laid out like <see cref="Values"/>: a gradient or moment in the layout of its parameter in PyTorch.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another thread is using the device.</exception>
    public float[] Read(Parameter parameter, ArrayView<float> flat)
    {
        using DeviceGate.Scope scope = device.Enter("ParameterStore.Read");
        float[] onDevice = Slice(flat, parameter).GetAsArray(device.Stream);
        float[] values = new float[onDevice.Length];
        ToHost(parameter, onDevice, values);
        return values;
    }

    /// <summary>Overwrites one parameter from the host, which holds it in PyTorch's layout.</summary>
    /// <exception cref="ArgumentException">The length is not that of the parameter.</exception>
    /// <exception cref="InvalidOperationException">Another thread is using the device.</exception>
    public void Write(Parameter parameter, ReadOnlySpan<float> data)
    {
        using DeviceGate.Scope scope = device.Enter("ParameterStore.Write");
        if (data.Length != parameter.Length)
            throw new ArgumentException($"{parameter.Name} has {parameter.Length} values, not {data.Length}.", nameof(data));
        float[] onDevice = new float[data.Length];
        ToDevice(parameter, data, onDevice);
        Slice(Values, parameter).CopyFromCPU(device.Stream, onDevice);
    }

    /// <summary>A host copy of a whole buffer laid out like <see cref="Values"/> with every slice in PyTorch's layout.</summary>
    internal void ToPyTorch(ReadOnlySpan<float> onDevice, Span<float> values)
    {
        foreach (Parameter parameter in parameters)
            ToHost(parameter, OnHost(onDevice, parameter), OnHost(values, parameter));
    }

    /// <summary>Puts what <see cref="ToPyTorch"/> gave back on the device.</summary>
    internal void WriteAll(ArrayView<float> flat, ReadOnlySpan<float> values)
    {
        float[] onDevice = new float[values.Length];
        foreach (Parameter parameter in parameters)
            ToDevice(parameter, OnHost(values, parameter), OnHost(onDevice.AsSpan(), parameter));
        flat.CopyFromCPU(device.Stream, onDevice);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Another thread is using the device; nothing is freed.</exception>
    public void Dispose()
    {
        using DeviceGate.Scope scope = device.EnterToDispose("ParameterStore.Dispose");
        values.Dispose();
    }

    private static Span<float> OnHost(Span<float> flat, Parameter parameter) =>
        flat.Slice(checked((int)parameter.Offset), parameter.Length);

    private static ReadOnlySpan<float> OnHost(ReadOnlySpan<float> flat, Parameter parameter) =>
        flat.Slice(checked((int)parameter.Offset), parameter.Length);

    private static void ToHost(Parameter parameter, ReadOnlySpan<float> from, Span<float> to)
    {
        if (parameter.Shape.Count == 1)
            from.CopyTo(to);
        else
            Reverse(from, to, Taps(parameter), parameter.Shape[1], parameter.Shape[0]);
    }

    private static void ToDevice(Parameter parameter, ReadOnlySpan<float> from, Span<float> to)
    {
        if (parameter.Shape.Count == 1)
            from.CopyTo(to);
        else
            Reverse(from, to, parameter.Shape[0], parameter.Shape[1], Taps(parameter));
    }

    /// <summary>k · k of a convolution's kernel, 1 of a matrix.</summary>
    private static int Taps(Parameter parameter) => parameter.Length / (parameter.Shape[0] * parameter.Shape[1]);

    /// <summary>from [a, b, c], to [c, b, a]; in tiles that the first-level cache holds on both sides.</summary>
    private static void Reverse(ReadOnlySpan<float> from, Span<float> to, int a, int b, int c)
    {
        const int tile = 16;
        for (int i = 0; i < a; i++)
            for (int firstJ = 0; firstJ < b; firstJ += tile)
                for (int firstK = 0; firstK < c; firstK += tile)
                    for (int j = firstJ; j < Math.Min(firstJ + tile, b); j++)
                        for (int k = firstK; k < Math.Min(firstK + tile, c); k++)
                            to[(k * b + j) * a + i] = from[(i * b + j) * c + k];
    }
}
