namespace GpuVae.Simd.Checked;

/// <summary>Who touched a piece of memory last: a thread of the launch, the barrier interval it was in, and the step that did it.</summary>
internal struct AccessRecord
{
    public int Thread;
    public int Interval;
    public int Step;
}

/// <summary>The accesses remembered of one piece of memory; two readers, so that a writer among them cannot hide the other.</summary>
internal struct ShadowCell
{
    public AccessRecord Write;
    public AccessRecord Atomic;
    public AccessRecord Read;
    public AccessRecord OtherRead;
}

/// <summary>What is known of a range of memory: which bytes have been written, and who accessed what in the current launch.</summary>
internal sealed class ShadowMemory(long address, long length)
{
    private const int CellsPerPage = 1024;

    private readonly byte[] written = new byte[length];
    private ShadowCell[]?[] pages = [];

    /// <summary>Where the range starts.</summary>
    public long Address { get; } = address;

    /// <summary>In bytes.</summary>
    public long Length { get; } = length;

    /// <summary>Bytes per cell: how finely accesses are told apart.</summary>
    public int Granule { get; private set; }
    public void MarkWritten(long offset, long length) => written.AsSpan((int)offset, (int)length).Fill(1);
    public void Forget() => Array.Clear(written);
    public bool IsWritten(long offset, int size) => !written.AsSpan((int)offset, size).Contains((byte)0);

    /// <summary>Takes over which bytes are initialised where another range is copied here.</summary>
    public void CopyFrom(ShadowMemory source, long sourceOffset, long offset, long length) =>
        source.written.AsSpan((int)sourceOffset, (int)length).CopyTo(written.AsSpan((int)offset));

    /// <summary>Sets how finely accesses are told apart; records of earlier launches are dropped where that changes.</summary>
    public void BeginLaunch(int bytesPerCell, bool forgetAccesses)
    {
        if (Granule == bytesPerCell && !forgetAccesses)
            return;
        Granule = bytesPerCell;
        pages = new ShadowCell[]?[(Length / Granule / CellsPerPage) + 1];
    }

    /// <summary>The records of the cell that a byte is in.</summary>
    public ref ShadowCell CellAt(long offset)
    {
        long cell = offset / Granule;
        ShadowCell[] page = pages[cell / CellsPerPage] ??= new ShadowCell[CellsPerPage];
        return ref page[cell % CellsPerPage];
    }
}
