using GpuVae.Simd.Ir;
using ILGPU;

namespace GpuVae.Simd.Checked;

/// <content>What an access to memory must not do: leave its memory, read what nothing wrote, race with another thread.</content>
internal sealed unsafe partial class CheckedGroup
{
    private enum Access
    {
        Read, Write, Atomic,
    }

    /// <summary>Checks one access and remembers it; returns the address.</summary>
    private ulong* Check(in Step step, int position, ulong address, int size, Access access)
    {
        if (address % (uint)step.Alignment != 0)
        {
            throw Defect(
                KernelDefect.MisalignedAccess, step.Source,
                $"an access of {size} bytes is at an address that is no multiple of {step.Alignment}; was a view cast at an odd offset?");
        }
        var space = (AddressSpace)step.Operation;
        ShadowMemory? memoryOfSpace = space switch
        {
            AddressSpace.Shared => shared,
            AddressSpace.Local => local,
            _ => FindBuffer(position, (long)address),
        };
        if (memoryOfSpace is null)
        {
            return takesUnknownMemory
                ? (ulong*)address
                : throw Defect(KernelDefect.OutOfBounds, step.Source, "an address is outside every buffer of the accelerator");
        }
        long offset = (long)address - memoryOfSpace.Address;
        if (offset < 0 || offset + size > memoryOfSpace.Length)
            throw Defect(
                KernelDefect.OutOfBounds, step.Source,
                $"an address is outside the {space.ToString().ToLowerInvariant()} memory of the kernel");
        if (access != Access.Write && !memoryOfSpace.IsWritten(offset, size))
        {
            throw Defect(
                KernelDefect.UninitializedRead, step.Source,
                space == AddressSpace.Global
                    ? $"byte {offset} of a buffer is read, but nothing wrote it"
                    : $"{space.ToString().ToLowerInvariant()} memory is read that nothing wrote");
        }
        if (access != Access.Read)
            memoryOfSpace.MarkWritten(offset, size);
        if (space != AddressSpace.Local)
        {
            for (int i = 0; i < size; i += memoryOfSpace.Granule)
                CheckRace(ref memoryOfSpace.CellAt(offset + i), step, position, access, space);
        }
        return (ulong*)address;
    }

    private ShadowMemory? FindBuffer(int position, long address)
    {
        ShadowMemory? last = lastBuffers[position];
        if (last is null || address < last.Address || address >= last.Address + last.Length)
            lastBuffers[position] = last = memory.Find(address);
        return last;
    }

    private void CheckRace(ref ShadowCell cell, in Step step, int position, Access access, AddressSpace space)
    {
        bool isGlobal = space != AddressSpace.Shared;
        int thread = (int)((linearGroup * threads) + current);
        var record = new AccessRecord { Thread = thread, Interval = memory.Interval, Step = position };
        if (Conflicts(cell.Write, thread, isGlobal))
            throw Race(cell.Write, "written", step.Source, access);
        switch (access)
        {
            case Access.Read:
                if (cell.Read.Thread != thread)
                    cell.OtherRead = cell.Read;
                cell.Read = record;
                break;
            case Access.Atomic:
                cell.Atomic = record;
                break;
            default:
                if (Conflicts(cell.Atomic, thread, isGlobal))
                    throw Race(cell.Atomic, "changed by an atomic", step.Source, access);
                if (Conflicts(cell.Read, thread, isGlobal))
                    throw Race(cell.Read, "read", step.Source, access);
                if (Conflicts(cell.OtherRead, thread, isGlobal))
                    throw Race(cell.OtherRead, "read", step.Source, access);
                cell.Write = record;
                break;
        }
    }

    /// <summary>
    /// An earlier access by another thread with no barrier since: in this interval of this group, or anywhere in another group.
    /// </summary>
    private bool Conflicts(in AccessRecord record, int thread, bool isGlobal) => record.Thread != thread
        && (record.Interval == memory.Interval
            || (isGlobal && record.Interval >= launchStart && record.Interval < groupStart && !program.HasDeviceFence));

    private KernelCheckException Race(in AccessRecord other, string what, Instruction source, Access access)
    {
        string how = access switch { Access.Read => "read", Access.Write => "written", _ => "changed by an atomic" };
        Index3D index = IndexIn(shape.Grid, other.Thread / threads);
        return Defect(
            KernelDefect.DataRace, source,
            $"memory is {how} here that was {what} in {program.Steps[other.Step].Source.Location} " +
            $"by thread {ThreadIndex(other.Thread % threads)} of group {index} with no barrier between");
    }
}
