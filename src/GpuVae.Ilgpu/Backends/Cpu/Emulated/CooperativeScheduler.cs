using System.Runtime.CompilerServices;

namespace GpuVae.Ilgpu.Backends.Cpu.Emulated;

/// <summary>
/// Runs the threads of a group on OS threads of their own, one at a time: a thread runs until it has to wait at a barrier and then
/// hands over to the next. So runs are reproducible, and threads that wait at different barriers are found out.
/// </summary>
internal sealed unsafe class CooperativeScheduler(int capacity, int warpSize)
{
    /// <summary>Bytes that a thread can hand to others in one shuffle or broadcast.</summary>
    private const int ExchangeBytes = 256;

    private readonly Turn[] turns = [.. Enumerable.Range(0, capacity).Select(_ => new Turn())];
    private readonly Queue<int> ready = new(capacity);
    private readonly Rendezvous groupBarrier = new();
    private readonly Rendezvous[] warpBarriers =
        [.. Enumerable.Range(0, (capacity + warpSize - 1) / warpSize).Select(_ => new Rendezvous())];

    // Two slots per thread: while slow threads still read the values of one exchange, fast ones already write those of the next.
    private readonly byte[] warpValues = GC.AllocateUninitializedArray<byte>(2 * capacity * ExchangeBytes, pinned: true);
    private readonly byte[] groupValues = GC.AllocateUninitializedArray<byte>(2 * ExchangeBytes, pinned: true);
    private readonly int[] warpExchanges = new int[capacity];

    // Which exchange of its thread wrote a slot: threads that have finished write none.
    private readonly int[] warpStamps = new int[2 * capacity];
    private readonly byte[] groupPhases = new byte[capacity];
    private readonly byte[] popCountPhases = new byte[capacity];
    private readonly int[] popCounts = new int[3];
    private readonly ManualResetEventSlim done = new();
    private int size;
    private int running;
    private Exception? failure;

    /// <summary>Begins a group of <paramref name="threads"/> threads, all ready to start; returns when all have finished.</summary>
    public void RunGroup(int threads)
    {
        size = threads;
        running = threads;
        failure = null;
        ready.Clear();
        groupBarrier.Begin(threads);
        for (int warp = 0; warp * warpSize < threads; warp++)
            warpBarriers[warp].Begin(Math.Min(warpSize, threads - (warp * warpSize)));
        Array.Clear(warpExchanges);
        Array.Clear(warpStamps);
        Array.Clear(groupPhases);
        Array.Clear(popCountPhases);
        Array.Clear(popCounts);
        done.Reset();
        for (int thread = 1; thread < threads; thread++)
            ready.Enqueue(thread);
        turns[0].Give();
        done.Wait();
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Waits for the thread's first turn.</summary>
    public void AwaitTurn(int thread) => turns[thread].Await();

    /// <summary>Gives a thread a turn outside of any group, so that it can see that it shall end.</summary>
    public void Wake(int thread) => turns[thread].Give();

    /// <summary>Ends a thread; it takes part in no barrier any more.</summary>
    public void Finish(int thread, Exception? exception)
    {
        // The first failure counts: the others are threads that were stopped because of it.
        failure ??= exception;
        running--;
        Release(groupBarrier.Leave(failure is not null));
        Release(warpBarriers[thread / warpSize].Leave(failure is not null));
        if (running == 0)
            done.Set();
        else
            PassOn();
    }

    public void GroupBarrier(int thread) => Wait(groupBarrier, thread);

    public int GroupBarrierPopCount(int thread, bool predicate)
    {
        int phase = popCountPhases[thread];
        popCountPhases[thread] = (byte)((phase + 1) % 3);
        popCounts[phase] += predicate ? 1 : 0;
        Wait(groupBarrier, thread);
        // Fast threads may be counting in the next phase already, but nobody can be in the one after.
        popCounts[(phase + 2) % 3] = 0;
        return popCounts[phase];
    }

    public T GroupBroadcast<T>(int thread, T value, int source) where T : unmanaged
    {
        int phase = groupPhases[thread] ^= 1;
        ref byte slot = ref Slot<T>(groupValues, phase, 0);
        if (thread == source)
            Unsafe.WriteUnaligned(ref slot, value);
        Wait(groupBarrier, thread);
        return Unsafe.ReadUnaligned<T>(ref slot);
    }

    public void WarpBarrier(int thread) => Wait(warpBarriers[thread / warpSize], thread);

    public T Shuffle<T>(int thread, T value, int sourceLane) where T : unmanaged
    {
        int exchange = ++warpExchanges[thread];
        int phase = exchange & 1;
        Unsafe.WriteUnaligned(ref Slot<T>(warpValues, phase, thread), value);
        warpStamps[(2 * thread) + phase] = exchange;
        WarpBarrier(thread);
        int source = thread - (thread % warpSize) + sourceLane;
        return (uint)sourceLane < (uint)warpSize && source < size && warpStamps[(2 * source) + phase] == exchange
            ? Unsafe.ReadUnaligned<T>(ref Slot<T>(warpValues, phase, source))
            : value;
    }

    private ref byte Slot<T>(byte[] values, int phase, int thread) where T : unmanaged
    {
        if (sizeof(T) > ExchangeBytes)
            throw new NotSupportedException(
                $"{typeof(T).Name} has {sizeof(T)} bytes; threads can exchange values of at most {ExchangeBytes}.");
        return ref values[((phase * (values.Length / 2 / ExchangeBytes)) + thread) * ExchangeBytes];
    }

    private void Wait(Rendezvous barrier, int thread)
    {
        ThrowIfFailed();
        if (barrier.Arrive(thread, out var released))
        {
            Release(released);
            return;
        }
        PassOn();
        turns[thread].Await();
        ThrowIfFailed();
    }

    private void Release(List<int> released)
    {
        foreach (int thread in released)
            ready.Enqueue(thread);
        released.Clear();
    }

    private void PassOn()
    {
        if (!ready.TryDequeue(out int next))
        {
            failure ??= new InvalidOperationException(
                "The threads of a group wait at different barriers, so none can go on. All threads must reach the same Group.Barrier " +
                "or warp operation; check barriers inside branches and loops.");
            Release(groupBarrier.Abandon());
            foreach (var barrier in warpBarriers)
                Release(barrier.Abandon());
            next = ready.Dequeue();
        }
        turns[next].Give();
    }

    private void ThrowIfFailed()
    {
        if (failure is not null)
            throw new OperationCanceledException("Another thread of the group failed.");
    }

    /// <summary>The right to run, handed to one thread. A monitor does not spin, which would only keep the others from running.</summary>
    private sealed class Turn
    {
        private bool isGiven;

        public void Give()
        {
            lock (this)
            {
                isGiven = true;
                Monitor.Pulse(this);
            }
        }

        public void Await()
        {
            lock (this)
            {
                while (!isGiven)
                    Monitor.Wait(this);
                isGiven = false;
            }
        }
    }

    /// <summary>Who is at a barrier.</summary>
    private sealed class Rendezvous
    {
        private readonly List<int> waiting = [];
        private readonly List<int> released = [];
        private int expected;

        public void Begin(int threads)
        {
            waiting.Clear();
            released.Clear();
            expected = threads;
        }

        /// <summary>A thread arrives; true if it may go on, and with it those that waited.</summary>
        public bool Arrive(int thread, out List<int> freed)
        {
            freed = released;
            if (waiting.Count + 1 == expected)
            {
                Open();
                return true;
            }
            waiting.Add(thread);
            return false;
        }

        /// <summary>A thread will not come any more: those that may go on without it.</summary>
        public List<int> Leave(bool open)
        {
            expected--;
            return open || (waiting.Count == expected && expected > 0) ? Open() : released;
        }

        public List<int> Abandon() => Open();

        private List<int> Open()
        {
            released.AddRange(waiting);
            waiting.Clear();
            return released;
        }
    }
}
