using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Checked;

/// <summary>The buffers of a checked accelerator and their shadows, found by address.</summary>
internal sealed class CheckedMemory
{
    private readonly SortedList<long, ShadowMemory> buffers = [];

    public Lock Sync { get; } = new();

    /// <summary>Barrier intervals are numbered over all launches, so that records of earlier ones need no clearing.</summary>
    public int Interval { get; set; }

    public ShadowMemory Add(long address, long length)
    {
        lock (Sync)
            return buffers[address] = new ShadowMemory(address, length);
    }

    public void Remove(long address)
    {
        lock (Sync)
            buffers.Remove(address);
    }

    /// <summary>The bytes of a view hold values from now on.</summary>
    public void MarkWritten(in ArrayView<byte> view)
    {
        lock (Sync)
        {
            long address = view.LoadEffectiveAddressAsPtr();
            if (Find(address) is { } shadow)
                shadow.MarkWritten(address - shadow.Address, view.LengthInBytes);
        }
    }

    /// <summary>The target knows which of its bytes are written as the source does; memory from elsewhere counts as written.</summary>
    public void CopyShadow(in ArrayView<byte> source, in ArrayView<byte> target)
    {
        if (!source.IsValid)
            return;
        lock (Sync)
        {
            long from = source.LoadEffectiveAddressAsPtr(), to = target.LoadEffectiveAddressAsPtr();
            if (Find(to) is not { } shadow)
                return;
            long bytes = Math.Min(source.LengthInBytes, target.LengthInBytes);
            if (Find(from) is { } known)
                shadow.CopyFrom(known, from - known.Address, to - shadow.Address, bytes);
            else
                shadow.MarkWritten(to - shadow.Address, bytes);
        }
    }

    /// <summary>Tells every buffer how finely the next kernel accesses memory.</summary>
    public void BeginLaunch(int bytesPerCell)
    {
        // Numbers that could run out in a launch start over, with nothing remembered.
        bool isExhausted = Interval > int.MaxValue / 2;
        if (isExhausted)
            Interval = 0;
        foreach (ShadowMemory buffer in buffers.Values)
            buffer.BeginLaunch(bytesPerCell, isExhausted);
    }

    /// <summary>The buffer that an address is in, or null.</summary>
    public ShadowMemory? Find(long address)
    {
        int low = 0;
        int high = buffers.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            ShadowMemory buffer = buffers.GetValueAtIndex(middle);
            if (address < buffer.Address)
                high = middle - 1;
            else if (address >= buffer.Address + buffer.Length)
                low = middle + 1;
            else
                return buffer;
        }
        return null;
    }
}
