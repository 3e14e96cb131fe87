namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>What the threads of one group share while .NET runs them.</summary>
internal sealed class DirectGroup(int index, int warpSize, (int X, int Y, int Z) dimension) : IDisposable
{
    private readonly Dictionary<int, Array> memory = [];

    public int Index { get; } = index;

    public int WarpSize { get; } = warpSize;

    public (int X, int Y, int Z) Dimension { get; } = dimension;

    public int Size => Dimension.X * Dimension.Y * Dimension.Z;

    /// <summary>What each thread shows to the others.</summary>
    public object[] Shown { get; } = new object[dimension.X * dimension.Y * dimension.Z];

    public Barrier Barrier { get; } = new(dimension.X * dimension.Y * dimension.Z);

    /// <summary>The memory that each thread asks for with its n-th allocation.</summary>
    public T[] Shared<T>(int allocation, int length)
    {
        lock (memory)
        {
            if (!memory.TryGetValue(allocation, out Array? array))
                memory[allocation] = array = new T[length];
            return (T[])array;
        }
    }

    public void Dispose() => Barrier.Dispose();
}
