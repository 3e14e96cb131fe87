using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests;

/// <summary>One execution of an op on one device: its inputs, its poisoned outputs and what they should hold.</summary>
internal sealed class OpRun(Accelerator accelerator, int seed) : IDisposable
{
    private readonly System.Random random = new(seed);
    private readonly List<IDisposable> owned = [];
    private readonly List<Output> outputs = [];

    public Accelerator Accelerator => accelerator;

    public AcceleratorStream Stream => accelerator.DefaultStream;

    public T Own<T>(T resource)
        where T : IDisposable
    {
        owned.Add(resource);
        return resource;
    }

    /// <summary>Random inputs, the same in every run of the op.</summary>
    public float[] Uniform(int count, double low = -1, double high = 1)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)(low + (high - low) * random.NextDouble());
        return values;
    }

    public int Next(int bound) => random.Next(bound);

    // ILGPU makes no empty buffers.
    public ArrayView<T> Upload<T>(T[] data)
        where T : unmanaged => data.Length == 0 ? ArrayView<T>.Empty : Own(accelerator.Allocate1D(data)).View;

    /// <summary>A buffer full of NaN that the op must fill.</summary>
    public ArrayView<float> Expect(string name, double[] reference) =>
        Expect(name, Enumerable.Repeat(float.NaN, reference.Length).ToArray(), reference);

    /// <summary>A buffer that the op reads and changes.</summary>
    public ArrayView<float> Expect(string name, float[] initial, double[] reference)
    {
        MemoryBuffer1D<float, Stride1D.Dense> buffer = Own(accelerator.Allocate1D(initial));
        outputs.Add(new Output(name, buffer, reference));
        return buffer.View;
    }

    public IEnumerable<(string Name, float[] Actual, double[] Reference)> Results()
    {
        Stream.Synchronize();
        return outputs.Select(o => (o.Name, o.Buffer.GetAsArray1D(), o.Reference)).ToList();
    }

    public void Dispose()
    {
        owned.Reverse();
        foreach (IDisposable resource in owned)
            resource.Dispose();
    }

    private sealed record Output(string Name, MemoryBuffer1D<float, Stride1D.Dense> Buffer, double[] Reference);
}
