using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Looks whether the arguments of a launch keep the promise that the code was compiled with: views that are read share no memory with those
/// that are written.
/// </summary>
internal sealed class ViewOverlap(IrKernel kernel)
{
    private readonly (int Slot, int Size)[] readOnly = [.. kernel.DisjointViews.ReadOnly.Select(p => (p.Slot, p.ElementSize))];
    private readonly (int Slot, int Size)[] written = [.. kernel.DisjointViews.Written.Select(p => (p.Slot, p.ElementSize))];

    public bool IsIn(ReadOnlySpan<ulong> slots)
    {
        foreach ((int target, int targetSize) in written)
        {
            ulong begin = slots[target], end = begin + slots[target + 1] * (ulong)targetSize;
            foreach ((int source, int sourceSize) in readOnly)
            {
                if (slots[source] < end && begin < slots[source] + slots[source + 1] * (ulong)sourceSize)
                    return true;
            }
        }
        return false;
    }
}
