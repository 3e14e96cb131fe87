// What the groups of products for GPUs leave for each other when a product is cut along k (GemmTileEnd.cs).

using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Gemm.Gpu;

/// <summary>
/// Sums and tickets; grows when a larger product comes, and is then used by all that follow, one after the other. What was outgrown lives
/// on, because recorded launches may still name it.
/// </summary>
internal sealed class GemmWorkspace : IDisposable
{
    private readonly Accelerator accelerator;
    private readonly List<IDisposable> outgrown = [];
    private MemoryBuffer1D<float, Stride1D.Dense> sums;
    private MemoryBuffer1D<int, Stride1D.Dense> tickets;

    public GemmWorkspace(Accelerator accelerator)
    {
        this.accelerator = accelerator;
        sums = accelerator.Allocate1D<float>(4);
        tickets = accelerator.Allocate1D<int>(1);
        tickets.View.MemSetToZero(accelerator.DefaultStream);
        accelerator.Synchronize();
    }

    public ArrayView<float> Sums => sums.View;

    /// <summary>Zero between launches.</summary>
    public ArrayView<int> Tickets => tickets.View;

    public void Reserve(AcceleratorStream stream, long sumsLength, long ticketsLength)
    {
        if (sumsLength > sums.Length)
        {
            // Allocated first: where there is no memory for it, smaller products go on.
            MemoryBuffer1D<float, Stride1D.Dense> grown = accelerator.Allocate1D<float>(RoundUp(sumsLength));
            outgrown.Add(sums);
            sums = grown;
        }
        if (ticketsLength > tickets.Length)
        {
            MemoryBuffer1D<int, Stride1D.Dense> grown = accelerator.Allocate1D<int>(RoundUp(ticketsLength));
            grown.View.MemSetToZero(stream);
            outgrown.Add(tickets);
            tickets = grown;
        }
    }

    public void Dispose()
    {
        outgrown.ForEach(buffer => buffer.Dispose());
        sums.Dispose();
        tickets.Dispose();
    }

    // Powers of two: all that was outgrown together is smaller than what is used.
    private static long RoundUp(long length) => (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)length);
}
