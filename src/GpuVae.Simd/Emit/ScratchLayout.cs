using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Offsets in a worker's scratch memory: buffers through which vectors pass to scalar helpers, shared memory, the local memory of each
/// warp, the values of each warp that live across barriers, and last the dynamic shared memory, whose size only the launch knows.
/// </summary>
internal sealed class ScratchLayout
{
    /// <summary>Enough for the widest warp: 64 lanes of 8 bytes.</summary>
    public const int LaneBufferBytes = 512;

    /// <summary>Three operands, a mask and a result.</summary>
    private const int LaneBuffers = 5;

    /// <summary>What the lane buffers hold together, at the start of the scratch memory.</summary>
    public const int TransferBytes = LaneBuffers * LaneBufferBytes;

    private readonly Dictionary<Allocation, int> shared = [];

    public ScratchLayout(IrKernel kernel, LocalMemoryLayout localMemory, int warps)
    {
        // Only printing has more operands than three; those beyond lie behind the result.
        int printed = kernel.Instructions.OfType<Print>().Select(p => p.Operands.Count).DefaultIfEmpty().Max();
        int offset = Math.Max(LaneBuffers, printed + 2) * LaneBufferBytes;
        foreach (Allocation allocation in kernel.Allocations.Where(a => a.Space == AddressSpace.Shared && !a.IsDynamic))
        {
            shared[allocation] = offset;
            offset += Align(allocation.SizeInBytes);
            SharedBytes += allocation.SizeInBytes;
        }
        LocalOffset = offset;
        LocalBytesPerWarp = localMemory.BytesPerWarp;
        WarpOffset = offset + LocalBytesPerWarp * warps;
        Warps = warps;
    }

    public int LocalOffset { get; }
    public int LocalBytesPerWarp { get; }

    /// <summary>Where the values that live across barriers begin, one block per warp.</summary>
    public int WarpOffset { get; }
    public int Warps { get; }
    public int BytesPerWarp { get; private set; }
    public int SharedBytes { get; }
    public int DynamicSharedOffset => WarpOffset + BytesPerWarp * Warps;

    public int OffsetOf(Allocation allocation) => allocation.IsDynamic ? DynamicSharedOffset : shared[allocation];

    /// <summary>Reserves room in every warp's block; returns the offset within the block.</summary>
    public int AddPerWarp(int bytes)
    {
        int offset = BytesPerWarp;
        BytesPerWarp += Align(bytes);
        return offset;
    }

    private static int Align(int bytes) => (bytes + 63) & ~63;
}
