namespace ILGPU.Runtime;

/// <summary>
/// A buffer in host memory between two zones of NaNs. What reads beyond the buffer computes with NaN, and what writes there is reported
/// when the buffer is disposed. The AppContext switch <see cref="Switch"/> puts every buffer of CPU accelerators between such zones.
/// </summary>
internal sealed unsafe class GuardedMemoryBuffer : HostMemoryBuffer
{
    public const string Switch = "GpuVae.Ilgpu.GuardBuffers";

    /// <summary>Bytes of a zone: a page, so that one row too many of most matrices still falls into it.</summary>
    private const int Zone = 4096;

    // All bits set is a NaN of every type of floating point.
    private const byte Pattern = 0xFF;

    private readonly byte* zones;

    public GuardedMemoryBuffer(Accelerator accelerator, long length, int elementSize)
        : this(accelerator, length, elementSize, (byte*)HostMemory.Allocate(length * elementSize, surplus: 2 * Zone))
    {
    }

    private GuardedMemoryBuffer(Accelerator accelerator, long length, int elementSize, byte* zones)
        : base(accelerator, length, elementSize, (IntPtr)(zones + Zone), free: null)
    {
        this.zones = zones;
        Before.Fill(Pattern);
        Behind.Fill(Pattern);
    }

    /// <summary>Whether the switch is on.</summary>
    public static bool IsWanted { get; } = AppContext.TryGetSwitch(Switch, out bool isOn) && isOn;

    private Span<byte> Before => new(zones, Zone);

    private Span<byte> Behind => new(zones + Zone + LengthInBytes, Zone);

    /// <exception cref="AcceleratorException">Something was written beyond the buffer.</exception>
    private protected override void DisposeAcceleratorObject()
    {
        int before = Before.IndexOfAnyExcept(Pattern), behind = Behind.LastIndexOfAnyExcept(Pattern);
        HostMemory.Free(zones);
        if (before < 0 && behind < 0)
            return;
        throw new AcceleratorException(
            $"A kernel wrote {(before >= 0 ? $"from {Zone - before} bytes before" : $"up to {behind + 1} bytes behind")} a buffer of " +
            $"{Length} elements of {ElementSize} bytes. Run it with CPUAcceleratorMode.Checked, which names the kernel and the line.");
    }
}
