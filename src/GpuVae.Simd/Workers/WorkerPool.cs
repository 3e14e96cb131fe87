using System.Runtime.InteropServices;

using GpuVae.Simd.Emit;

namespace GpuVae.Simd.Workers;

/// <summary>
/// The threads that run groups: the launching one and as many more as make up the device's workers. Each takes chunks of its own share of
/// the grid, so that in repeated launches it meets what its caches hold, then helps the others with theirs; groups are independent, so
/// who runs which changes nothing. Idle workers spin for a moment, since launches come in bursts, then sleep.
/// </summary>
internal sealed unsafe class WorkerPool : IDisposable
{
    /// <summary>Chunks per worker: enough to even out a slow one, few enough that the counter costs nothing.</summary>
    private const int ChunksPerWorker = 8;

    /// <summary>Turns of about 50 ns before an idle worker goes to sleep.</summary>
    private const int IdleTurns = 1500;

    private readonly Lock launching = new();
    private readonly SemaphoreSlim wake = new(0);
    private readonly Thread[] threads;
    private readonly Scratch own = new();
    private readonly Share[] shares;

    // The running launch. Workers read it only between entering (active) and leaving, and the launcher returns only when none is inside.
    private SimdProgram? program;
    private SimdInvocation* invocation;
    private long groups;
    private long chunk;
    private long launch;
    private Exception? failure;

    private int generation;
    private int open;
    private int active;
    private int sleeping;
    private volatile bool disposed;

    /// <param name="workers">All threads that run groups, the launching one included.</param>
    /// <param name="pinned">Each of the others stays on a processor of its own.</param>
    public WorkerPool(int workers, bool pinned)
    {
        threads = new Thread[workers - 1];
        shares = new Share[workers];
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i + 1;
            threads[i] = new Thread(() => Work(worker, pinned))
            {
                IsBackground = true,
                Name = $"SIMD worker {worker}",
            };
            threads[i].Start();
        }
    }

    /// <summary>Runs all groups and returns when they are done. Launches from several threads take turns.</summary>
    /// <param name="code">The kernel.</param>
    /// <param name="arguments">The launch; must stay where it is until the call returns.</param>
    /// <param name="count">The number of groups.</param>
    /// <param name="alone">The launch is so small that waking others costs more than it brings.</param>
    public void Run(SimdProgram code, SimdInvocation* arguments, long count, bool alone)
    {
        lock (launching)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (alone || count == 1 || threads.Length == 0)
            {
                code.Body(arguments, own.Get(code.ScratchBytes(arguments->DynamicSharedBytes)), 0, count);
                return;
            }
            program = code;
            invocation = arguments;
            groups = count;
            chunk = Math.Max(1, count / (shares.Length * ChunksPerWorker));
            launch++;
            failure = null;
            Volatile.Write(ref open, 1);
            Interlocked.Increment(ref generation);
            int asleep = Volatile.Read(ref sleeping);
            if (asleep > 0)
                wake.Release(asleep);
            TakeChunks(0, own);
            Interlocked.Exchange(ref open, 0);
            var spinner = default(SpinWait);
            while (Volatile.Read(ref active) != 0)
                spinner.SpinOnce(sleep1Threshold: -1);
            if (failure is { } exception)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(exception);
        }
    }

    public void Dispose()
    {
        lock (launching)
        {
            if (disposed)
                return;
            disposed = true;
        }
        Interlocked.Increment(ref generation);
        wake.Release(threads.Length + 1);
        foreach (Thread thread in threads)
            thread.Join();
        wake.Dispose();
        own.Dispose();
    }

    private void Work(int worker, bool pinned)
    {
        if (pinned)
            ThreadAffinity.PinTo(worker);
        using var scratch = new Scratch();
        int seen = 0;
        while (true)
        {
            seen = AwaitLaunch(seen);
            if (disposed)
                return;
            Interlocked.Increment(ref active);
            if (Volatile.Read(ref open) != 0)
                TakeChunks(worker, scratch);
            Interlocked.Decrement(ref active);
        }
    }

    private int AwaitLaunch(int seen)
    {
        for (int turn = 0; turn < IdleTurns; turn++)
        {
            int current = Volatile.Read(ref generation);
            if (current != seen)
                return current;
            Thread.SpinWait(8);
        }
        Interlocked.Increment(ref sleeping);
        // A launch between the last look and the increment may not have seen this sleeper.
        while (Volatile.Read(ref generation) == seen)
            wake.Wait();
        Interlocked.Decrement(ref sleeping);
        return Volatile.Read(ref generation);
    }

    private void TakeChunks(int worker, Scratch scratch)
    {
        try
        {
            byte* memory = scratch.Get(program!.ScratchBytes(invocation->DynamicSharedBytes));
            SimdBody body = program.Body;
            for (int i = 0; i < shares.Length; i++)
            {
                int share = (worker + i) % shares.Length;
                long first = groups * share / shares.Length, end = groups * (share + 1) / shares.Length;
                long chunks = (end - first + chunk - 1) / chunk;
                while (failure is null && shares[share].Take(launch, chunks) is var taken and >= 0)
                {
                    long begin = first + taken * chunk;
                    body(invocation, memory, begin, Math.Min(begin + chunk, end));
                }
            }
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref failure, exception, null);
        }
    }

    /// <summary>How much of one worker's part of the grid is taken. Cache lines of its own, as workers write it all the time.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Share
    {
        // The number of the launch and, in the lower bits, the chunks taken in it: nobody has to set it back between launches.
        private long state;

        /// <summary>Takes the next chunk; gives its number, or -1 if there is none left.</summary>
        public long Take(long launch, long chunks)
        {
            const int bits = 16;
            while (true)
            {
                long seen = Volatile.Read(ref state);
                long taken = seen >> bits == launch ? seen & ((1 << bits) - 1) : 0;
                if (taken >= chunks)
                    return -1;
                if (Interlocked.CompareExchange(ref state, (launch << bits) + taken + 1, seen) == seen)
                    return taken;
            }
        }
    }

    /// <summary>A worker's own memory, grown to what the kernels need.</summary>
    private sealed class Scratch : IDisposable
    {
        private byte* memory;
        private int size;

        public byte* Get(int bytes)
        {
            if (bytes > size)
            {
                NativeMemory.AlignedFree(memory);
                size = bytes;
                memory = (byte*)NativeMemory.AlignedAlloc((nuint)size, 64);
                NativeMemory.Clear(memory, (nuint)size);
            }
            return memory;
        }

        public void Dispose()
        {
            NativeMemory.AlignedFree(memory);
            memory = null;
            size = 0;
        }
    }
}
