namespace GpuVae.Simd.Emit;

/// <summary>What one launch hands to the emitted code. Lives on the launching thread's stack for the time of the launch.</summary>
internal unsafe struct SimdInvocation
{
    /// <summary>The argument slots, then the extents of an implicitly grouped kernel.</summary>
    public ulong* Slots;

    public int GridX;
    public int GridY;
    public int GridZ;
    public int DynamicSharedBytes;
}

/// <summary>Runs the groups [<paramref name="begin"/>, <paramref name="end"/>) of the grid in linear order, X fastest.</summary>
/// <param name="invocation">The launch.</param>
/// <param name="scratch">The worker's own memory, 64-byte aligned: see <see cref="ScratchLayout"/>.</param>
/// <param name="begin">The first group.</param>
/// <param name="end">One behind the last group.</param>
internal unsafe delegate void SimdBody(SimdInvocation* invocation, byte* scratch, long begin, long end);
