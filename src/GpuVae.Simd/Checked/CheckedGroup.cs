using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Launch;
using ILGPU;
using Barrier = GpuVae.Simd.Ir.Barrier;

namespace GpuVae.Simd.Checked;

/// <summary>
/// Interprets the threads of one group after the other. A thread runs until it ends or waits; when all are still, what they wait for is
/// carried out, or reported if not all wait for the same.
/// </summary>
internal sealed unsafe class CheckedGroup : IDisposable
{
    private const int Finished = -1;

    private readonly CheckedProgram program;
    private readonly CheckedMemory memory;
    private readonly LaunchShape shape;
    private readonly string kernelName;
    private readonly int warpSize;
    private readonly int threads;
    private readonly int registerCount;

    // Per thread: the registers, the step it goes on with, and whether it waits there.
    private readonly ulong* registers;
    private readonly int[] positions;
    private readonly bool[] isWaiting;
    private readonly ulong[] scratch;
    private readonly byte* sharedBytes;
    private readonly byte* localBytes;
    private readonly ShadowMemory shared;
    private readonly ShadowMemory local;
    private readonly ShadowMemory?[] lastBuffers;
    private readonly int launchStart;
    private readonly bool takesUnknownMemory;

    private Index3D groupIndex;
    private long linearGroup;
    private int groupStart;
    private int current;
    private Index3D currentIndex;

    public CheckedGroup(
        CheckedProgram program,
        CheckedMemory memory,
        in LaunchShape shape,
        int warpSize,
        ReadOnlySpan<ulong> slots,
        ParameterLayout layout,
        string kernelName)
    {
        this.program = program;
        this.memory = memory;
        this.shape = shape;
        this.warpSize = warpSize;
        this.kernelName = kernelName;
        threads = shape.Group.Size;
        registerCount = Math.Max(1, program.RegisterCount);
        registers = (ulong*)NativeMemory.AllocZeroed((nuint)((long)threads * registerCount), sizeof(ulong));
        positions = new int[threads];
        isWaiting = new bool[threads];
        scratch = new ulong[Math.Max(threads, program.Edges.Select(e => e.Copies.Length).DefaultIfEmpty(0).Max())];
        int sharedSize = program.SharedBytes + shape.DynamicSharedBytes;
        sharedBytes = (byte*)NativeMemory.AlignedAlloc((nuint)sharedSize + 64, 64);
        localBytes = (byte*)NativeMemory.AlignedAlloc((nuint)((long)program.LocalBytes * threads) + 64, 64);
        shared = new((long)sharedBytes, sharedSize, isWritten: false);
        shared.BeginLaunch(program.SharedGranule, forgetAccesses: true);
        local = new((long)localBytes, (long)program.LocalBytes * threads, isWritten: false);
        lastBuffers = new ShadowMemory?[program.Steps.Length];
        launchStart = ++memory.Interval;
        // Raw pointers and page-locked host memory: only the bounds of views are known there.
        takesUnknownMemory = program.HasRawPointers;
        foreach (Parameter parameter in program.Kernel.Parameters)
        {
            if (parameter.Kind == ParameterKind.ViewPointer && slots[parameter.Slot + 1] > 0)
                takesUnknownMemory |= memory.Find((long)slots[parameter.Slot]) is null;
        }
        FillTemplate(slots, layout);
    }

    public void RunGrid()
    {
        for (int z = 0; z < shape.Grid.Z; z++)
        {
            for (int y = 0; y < shape.Grid.Y; y++)
            {
                for (int x = 0; x < shape.Grid.X; x++)
                {
                    groupIndex = new(x, y, z);
                    Run();
                    linearGroup++;
                }
            }
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(registers);
        NativeMemory.AlignedFree(sharedBytes);
        NativeMemory.AlignedFree(localBytes);
    }

    /// <summary>Constants, arguments and addresses are the same in every group, so they are written once.</summary>
    private void FillTemplate(ReadOnlySpan<ulong> slots, ParameterLayout layout)
    {
        for (int thread = 0; thread < threads; thread++)
        {
            ulong* r = registers + ((long)thread * registerCount);
            foreach ((int register, ulong bits) in program.Constants)
                r[register] = bits;
            foreach (Parameter parameter in program.Kernel.Parameters)
            {
                r[program.RegisterOf(parameter)] = parameter.Kind switch
                {
                    ParameterKind.ViewPointer => slots[parameter.Slot],
                    ParameterKind.Extent => (uint)(parameter.Slot - layout.SlotCount) switch
                    {
                        0 => (uint)shape.Extent.X,
                        1 => (uint)shape.Extent.Y,
                        _ => (uint)shape.Extent.Z,
                    },
                    _ => Constant.FromBits(parameter.Type, slots[parameter.Slot]).Bits,
                };
            }
            foreach ((int register, Allocation allocation, int offset) in program.Allocations)
            {
                r[register] = allocation.Space == AddressSpace.Shared
                    ? (ulong)(sharedBytes + offset)
                    : (ulong)(localBytes + ((long)thread * program.LocalBytes) + offset);
            }
        }
    }

    private void Run()
    {
        groupStart = ++memory.Interval;
        shared.Forget();
        local.Forget();
        Array.Clear(positions);
        Array.Clear(isWaiting);
        while (true)
        {
            for (current = 0; current < threads; current++)
            {
                if (!isWaiting[current] && positions[current] != Finished)
                    RunThread();
            }
            if (RunWarps())
                continue;
            if (Array.TrueForAll(positions, p => p == Finished))
                return;
            RunGroupWide();
        }
    }

    /// <summary>Carries out the shuffles and warp barriers whose warp is complete.</summary>
    private bool RunWarps()
    {
        bool progress = false;
        for (int first = 0; first < threads; first += warpSize)
        {
            int end = Math.Min(first + warpSize, threads);
            int position = -2;
            for (int t = first; t < end && position == -2; t++)
            {
                if (isWaiting[t] && program.Steps[positions[t]].Source is Shuffle or Barrier { Kind: BarrierKind.Warp })
                    position = positions[t];
            }
            if (position < 0)
                continue;
            bool isComplete = true;
            for (int t = first; t < end; t++)
                isComplete &= isWaiting[t] && positions[t] == position;
            if (!isComplete)
                continue;
            if (program.Steps[position].Source is Shuffle shuffle)
                RunShuffle(shuffle, program.Steps[position], first, end);
            else
                memory.Interval++;
            Release(first, end);
            progress = true;
        }
        return progress;
    }

    private void RunShuffle(Shuffle shuffle, in Step step, int first, int end)
    {
        int width = shuffle.Width == 0 ? warpSize : shuffle.Width;
        for (int t = first; t < end; t++)
        {
            int lane = t - first;
            int operand = (int)Registers(t)[step.B];
            int inSegment = lane % width;
            int source = shuffle.Kind switch
            {
                ShuffleKind.Index or ShuffleKind.Broadcast => lane - inSegment + (operand & (width - 1)),
                ShuffleKind.Down => inSegment + operand < width ? lane + operand : lane,
                ShuffleKind.Up => inSegment >= operand ? lane - operand : lane,
                _ => operand < width ? lane ^ operand : lane,
            };
            // A lane without a thread gives the thread's own value.
            scratch[t] = Registers(first + source < end && source >= 0 ? first + source : t)[step.A];
        }
        for (int t = first; t < end; t++)
            Registers(t)[step.Result] = scratch[t];
    }

    private void RunGroupWide()
    {
        int waiting = Array.IndexOf(isWaiting, true);
        int position = positions[waiting];
        for (int t = 0; t < threads; t++)
        {
            if (positions[t] != position)
                ThrowDivergent(waiting, t);
        }
        Step step = program.Steps[position];
        switch (step.Source)
        {
            case Barrier { Kind: BarrierKind.Group }:
                break;
            case Barrier barrier:
                int count = 0;
                for (int t = 0; t < threads; t++)
                    count += (int)Registers(t)[step.A];
                ulong result = barrier.Kind switch
                {
                    BarrierKind.GroupPopCount => (ulong)count,
                    BarrierKind.GroupAnd => count == threads ? 1UL : 0,
                    _ => count > 0 ? 1UL : 0,
                };
                for (int t = 0; t < threads; t++)
                    Registers(t)[step.Result] = result;
                break;
            case GroupBroadcast:
                long source = (int)Registers(0)[step.B];
                if (source < 0 || source >= threads)
                {
                    current = 0;
                    throw Defect(KernelDefect.OutOfBounds, step.Source, $"a broadcast names thread {source} of a group of {threads}");
                }
                ulong value = Registers((int)source)[step.A];
                for (int t = 0; t < threads; t++)
                    Registers(t)[step.Result] = value;
                break;
            default:
                // A shuffle whose warp is incomplete.
                ThrowDivergent(waiting, waiting);
                break;
        }
        memory.Interval++;
        Release(0, threads);
    }

    private void Release(int first, int end)
    {
        for (int t = first; t < end; t++)
        {
            isWaiting[t] = false;
            positions[t]++;
        }
    }

    private void ThrowDivergent(int waiting, int other)
    {
        Instruction source = program.Steps[positions[waiting]].Source;
        string what = source is Barrier { Kind: not BarrierKind.Warp } or GroupBroadcast ? "barrier" : "shuffle or warp barrier";
        if (other == waiting)
        {
            int first = waiting / warpSize * warpSize;
            other = Enumerable.Range(first, Math.Min(warpSize, threads - first)).First(t => positions[t] != positions[waiting]);
        }
        string elsewhere = positions[other] == Finished
            ? "has ended"
            : $"waits at {program.Steps[positions[other]].Source.Location}";
        current = waiting;
        throw Defect(KernelDefect.DivergentBarrier, source, $"not all threads reach a {what}: thread {ThreadIndex(other)} {elsewhere}");
    }

    private ulong* Registers(int thread) => registers + ((long)thread * registerCount);

    private Index3D ThreadIndex(int thread) =>
        new(thread % shape.Group.X, thread / shape.Group.X % shape.Group.Y, thread / shape.Group.X / shape.Group.Y);

    private KernelCheckException Defect(KernelDefect defect, Instruction source, string what) =>
        new(defect, kernelName, source.Location?.ToString() ?? "code without a location", groupIndex, ThreadIndex(current), what);

    private void RunThread()
    {
        currentIndex = ThreadIndex(current);
        ulong* r = Registers(current);
        Step[] steps = program.Steps;
        int position = positions[current];
        while (true)
        {
            ref readonly Step step = ref steps[position];
            switch (step.Kind)
            {
                case StepKind.AddI32:
                    r[step.Result] = (uint)r[step.A] + (uint)r[step.B];
                    break;
                case StepKind.SubI32:
                    r[step.Result] = (uint)r[step.A] - (uint)r[step.B];
                    break;
                case StepKind.MulI32:
                    r[step.Result] = (uint)r[step.A] * (uint)r[step.B];
                    break;
                case StepKind.AddF32:
                    r[step.Result] = Bits(Float(r[step.A]) + Float(r[step.B]));
                    break;
                case StepKind.SubF32:
                    r[step.Result] = Bits(Float(r[step.A]) - Float(r[step.B]));
                    break;
                case StepKind.MulF32:
                    r[step.Result] = Bits(Float(r[step.A]) * Float(r[step.B]));
                    break;
                case StepKind.LessI32:
                    r[step.Result] = (int)r[step.A] < (int)r[step.B] ? 1UL : 0;
                    break;
                case StepKind.Unary:
                    r[step.Result] = ScalarEvaluator.Evaluate((UnaryOp)step.Operation, step.Type, r[step.A]);
                    break;
                case StepKind.Binary:
                    var op = (BinaryOp)step.Operation;
                    if (ScalarEvaluator.IsUndefined(op, step.Type, r[step.B]))
                        throw Defect(KernelDefect.DivisionByZero, step.Source, "an integer is divided by zero");
                    r[step.Result] = ScalarEvaluator.Evaluate(op, step.Type, r[step.A], r[step.B]);
                    break;
                case StepKind.Compare:
                    r[step.Result] = ScalarEvaluator.Evaluate((CompareOp)step.Operation, step.Type, r[step.A], r[step.B]) ? 1UL : 0;
                    break;
                case StepKind.Convert:
                    r[step.Result] = ScalarEvaluator.Evaluate((ConvertOp)step.Operation, step.Type, (IrType)step.Extra, r[step.A]);
                    break;
                case StepKind.Fma:
                    r[step.Result] = ScalarEvaluator.FusedMultiplyAdd(step.Type, r[step.A], r[step.B], r[step.C]);
                    break;
                case StepKind.Select:
                    r[step.Result] = r[step.A] != 0 ? r[step.B] : r[step.C];
                    break;
                case StepKind.Address:
                    long index = step.Operation == (byte)IrType.I32 ? (int)r[step.B] : (long)r[step.B];
                    r[step.Result] = (ulong)((long)r[step.A] + (index * step.Alignment) + step.Extra);
                    break;
                case StepKind.Load:
                    r[step.Result] = Read(Check(step, position, r[step.A], step.Type.SizeOf(), Access.Read), step.Type);
                    break;
                case StepKind.Store:
                    Write(Check(step, position, r[step.A], step.Type.SizeOf(), Access.Write), step.Type, r[step.B]);
                    break;
                case StepKind.Atomic:
                    ulong* atomic = Check(step, position, r[step.A], step.Type.SizeOf(), Access.Atomic);
                    ulong old = Read(atomic, step.Type);
                    Write(atomic, step.Type, Combine((AtomicOp)step.Extra, step.Type, old, r[step.B]));
                    r[step.Result] = old;
                    break;
                case StepKind.CompareExchange:
                    ulong* exchanged = Check(step, position, r[step.A], step.Type.SizeOf(), Access.Atomic);
                    ulong found = Read(exchanged, step.Type);
                    if (found == r[step.B])
                        Write(exchanged, step.Type, r[step.C]);
                    r[step.Result] = found;
                    break;
                case StepKind.Geometry:
                    r[step.Result] = (uint)Geometry((GeometryKind)step.Operation);
                    break;
                case StepKind.BoundsCheck:
                    if (r[step.A] >= r[step.B])
                    {
                        throw Defect(
                            KernelDefect.OutOfBounds,
                            step.Source,
                            $"index {(long)r[step.A]} is outside its view of {(long)r[step.B]} elements");
                    }
                    break;
                case StepKind.Assert:
                    if (r[step.A] == 0)
                    {
                        string message = ((Assert)step.Source).Message;
                        throw Defect(
                            KernelDefect.AssertionFailed,
                            step.Source,
                            message.Length > 0 ? $"assertion failed: {message}" : "assertion failed");
                    }
                    break;
                case StepKind.Print:
                    PrintLine((Print)step.Source, r);
                    break;
                case StepKind.Nothing:
                    break;
                case StepKind.Jump:
                    position = Follow(program.Edges[step.Extra], r);
                    continue;
                case StepKind.Branch:
                    position = Follow(program.Edges[r[step.A] != 0 ? step.B : step.C], r);
                    continue;
                case StepKind.Wait:
                    positions[current] = position;
                    isWaiting[current] = true;
                    return;
                default:
                    positions[current] = Finished;
                    return;
            }
            position++;
        }
    }

    private int Follow(in Edge edge, ulong* r)
    {
        (int To, int From)[] copies = edge.Copies;
        if (copies.Length == 1)
        {
            r[copies[0].To] = r[copies[0].From];
        }
        else if (copies.Length > 1)
        {
            // Phis read all their operands before any of them changes.
            for (int i = 0; i < copies.Length; i++)
                scratch[i] = r[copies[i].From];
            for (int i = 0; i < copies.Length; i++)
                r[copies[i].To] = scratch[i];
        }
        return edge.Target;
    }

    private int Geometry(GeometryKind kind)
    {
        Index3D thread = currentIndex;
        return kind switch
        {
            GeometryKind.GroupIdxX => thread.X,
            GeometryKind.GroupIdxY => thread.Y,
            GeometryKind.GroupIdxZ => thread.Z,
            GeometryKind.GroupDimX => shape.Group.X,
            GeometryKind.GroupDimY => shape.Group.Y,
            GeometryKind.GroupDimZ => shape.Group.Z,
            GeometryKind.GridIdxX => groupIndex.X,
            GeometryKind.GridIdxY => groupIndex.Y,
            GeometryKind.GridIdxZ => groupIndex.Z,
            GeometryKind.GridDimX => shape.Grid.X,
            GeometryKind.GridDimY => shape.Grid.Y,
            GeometryKind.GridDimZ => shape.Grid.Z,
            GeometryKind.LaneIndex => current % warpSize,
            GeometryKind.WarpIndex => current / warpSize,
            GeometryKind.WarpSize => warpSize,
            _ => shape.DynamicSharedBytes,
        };
    }

    private enum Access
    {
        Read,
        Write,
        Atomic,
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
                KernelDefect.OutOfBounds,
                step.Source,
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
        long group = other.Thread / threads;
        var index = new Index3D(
            (int)(group % shape.Grid.X), (int)(group / shape.Grid.X % shape.Grid.Y), (int)(group / shape.Grid.X / shape.Grid.Y));
        return Defect(
            KernelDefect.DataRace, source,
            $"memory is {how} here that was {what} in {program.Steps[other.Step].Source.Location} " +
            $"by thread {ThreadIndex(other.Thread % threads)} of group {index} with no barrier between");
    }

    private static ulong Combine(AtomicOp op, IrType type, ulong old, ulong operand) => op == AtomicOp.Exchange
        ? operand
        : ScalarEvaluator.Evaluate(
            op switch
            {
                AtomicOp.Add => BinaryOp.Add,
                AtomicOp.Min => BinaryOp.Min,
                AtomicOp.Max => BinaryOp.Max,
                AtomicOp.MinUnsigned => BinaryOp.MinUnsigned,
                AtomicOp.MaxUnsigned => BinaryOp.MaxUnsigned,
                AtomicOp.And => BinaryOp.And,
                AtomicOp.Or => BinaryOp.Or,
                _ => BinaryOp.Xor,
            },
            type, old, operand);

    private static ulong Read(void* address, IrType type) => type.SizeOf() switch
    {
        1 => *(byte*)address,
        2 => Unsafe.ReadUnaligned<ushort>(address),
        4 => Unsafe.ReadUnaligned<uint>(address),
        _ => Unsafe.ReadUnaligned<ulong>(address),
    };

    private static void Write(void* address, IrType type, ulong bits)
    {
        switch (type.SizeOf())
        {
            case 1:
                *(byte*)address = (byte)bits;
                break;
            case 2:
                Unsafe.WriteUnaligned(address, (ushort)bits);
                break;
            case 4:
                Unsafe.WriteUnaligned(address, (uint)bits);
                break;
            default:
                Unsafe.WriteUnaligned(address, bits);
                break;
        }
    }

    private void PrintLine(Print print, ulong* r)
    {
        object[] arguments = [.. print.Operands.Select(o => Boxed(o.Type, r[program.RegisterOf(o)]))];
        Console.Write(string.Format(CultureInfo.InvariantCulture, print.Format, arguments));
    }

    private static object Boxed(IrType type, ulong bits) => type switch
    {
        IrType.F32 => Float(bits),
        IrType.F64 => BitConverter.UInt64BitsToDouble(bits),
        IrType.F16 => BitConverter.UInt16BitsToHalf((ushort)bits),
        IrType.Bool => bits != 0,
        _ => ScalarEvaluator.SignExtend(type, bits),
    };

    private static float Float(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);
}
