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
internal sealed unsafe partial class CheckedGroup : IDisposable
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
        shared = new((long)sharedBytes, sharedSize);
        shared.BeginLaunch(program.SharedGranule, forgetAccesses: true);
        local = new((long)localBytes, (long)program.LocalBytes * threads);
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
        long groups = (long)shape.Grid.X * shape.Grid.Y * shape.Grid.Z;
        for (linearGroup = 0; linearGroup < groups; linearGroup++)
        {
            groupIndex = IndexIn(shape.Grid, linearGroup);
            Run();
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
                    ParameterKind.Extent => (uint)Along(shape.Extent, parameter.Slot - layout.SlotCount),
                    _ => parameter.Type.Cut(slots[parameter.Slot]),
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
            int position = positions[first];
            bool isComplete = isWaiting[first] && program.Steps[position].Source is Shuffle or Barrier { Kind: BarrierKind.Warp };
            for (int t = first; t < end && isComplete; t++)
                isComplete = isWaiting[t] && positions[t] == position;
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

    private Index3D ThreadIndex(int thread) => IndexIn(shape.Group, thread);

    /// <summary>The place of a linear index, X fastest.</summary>
    private static Index3D IndexIn(Index3D size, long linear) =>
        new((int)(linear % size.X), (int)(linear / size.X % size.Y), (int)(linear / size.X / size.Y));

    private KernelCheckException Defect(KernelDefect defect, Instruction source, string what) =>
        new(defect, kernelName, source.Location?.ToString() ?? "code without a location", groupIndex, ThreadIndex(current), what);
}
