using GpuVae.Kernels.Common;
using ILGPU;

namespace GpuVae.Scheduling;

/// <summary>
/// A float32 tensor of the arena: an activation, its gradient or a workspace. Its place is decided when the schedule is bound to memory,
/// after every use is known; launches read <see cref="View"/> only when they run.
/// </summary>
internal sealed class PlannedTensor
{
    internal PlannedTensor(string name, int rows, int columns) => (Name, Rows, Columns) = (name, rows, columns);

    public string Name { get; }

    /// <summary>Images of the batch.</summary>
    public int Rows { get; }

    public int Columns { get; }

    public long Length => (long)Rows * Columns;

    /// <summary>[Rows, Columns], row-major. Empty until the schedule is bound.</summary>
    public ArrayView<float> View { get; internal set; }

    /// <summary><see cref="View"/> as a matrix.</summary>
    public MatrixView Matrix => new(View, Rows, Columns, Name);

    internal int First { get; private set; } = int.MaxValue;

    internal int Last { get; private set; } = -1;

    internal bool IsUsed => Last >= 0;

    internal void UseAt(int step) => (First, Last) = (Math.Min(First, step), Math.Max(Last, step));
}
