using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Backends.Cpu.Emulated;

/// <summary>Work that consists of independent items.</summary>
internal interface IEmulatedJob
{
    void Execute(EmulatedThread thread, long item);
}

/// <summary>
/// The OS threads of an emulating accelerator: a few workers that share independent items, and one thread per kernel thread of a group
/// with barriers. They start when first needed and stay.
/// </summary>
internal sealed class EmulatorPool(CPUAccelerator accelerator) : IDisposable
{
    private const int StackBytes = 512 << 10;

    private readonly SemaphoreSlim start = new(0);
    private readonly CountdownEvent finished = new(1);
    private readonly List<Thread> helpers = [];
    private readonly List<EmulatedThread> groupThreads = [];
    private EmulatedThread? callerThread;
    private EmulatedGroup? cooperativeGroup;
    private IEmulatedJob? job;
    private EmulatedThreadStart? body;
    private Exception? failure;
    private long count;
    private long next;
    private volatile bool isDisposed;

    /// <summary>Runs one kernel thread on the OS thread that it belongs to.</summary>
    public delegate void EmulatedThreadStart(EmulatedThread thread, int linearIndex);

    /// <summary>Held during a launch.</summary>
    public Lock Sync { get; } = new();

    private int HelperCount => accelerator.Mode == CPUAcceleratorMode.Sequential ? 0 : accelerator.Device.NumMultiprocessors - 1;

    /// <summary>Executes the items 0 to <paramref name="items"/> − 1, spread over the workers if that is worth waking them.</summary>
    public void Run(IEmulatedJob work, long items, bool spread)
    {
        job = work;
        count = items;
        failure = null;
        Volatile.Write(ref next, 0);
        int wanted = spread ? (int)Math.Min(HelperCount, items - 1) : 0;
        if (wanted > 0)
        {
            while (helpers.Count < wanted)
                StartHelper();
            finished.Reset(wanted);
            start.Release(wanted);
        }
        callerThread ??= new(new EmulatedGroup());
        Work(callerThread);
        if (wanted > 0)
            finished.Wait();
        job = null;
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>The group that runs with barriers.</summary>
    public EmulatedGroup GetCooperativeGroup() => cooperativeGroup ??= new()
    {
        Scheduler = new(accelerator.Device.MaxNumThreadsPerGroup, accelerator.Device.WarpSize),
    };

    /// <summary>Runs the threads of one group, which may wait for one another.</summary>
    public void RunGroup(int threads, EmulatedThreadStart start)
    {
        var group = GetCooperativeGroup();
        body = start;
        while (groupThreads.Count < threads)
            StartGroupThread(group);
        group.Scheduler!.RunGroup(threads);
    }

    public void Dispose()
    {
        isDisposed = true;
        if (helpers.Count > 0)
            start.Release(helpers.Count);
        for (int i = 0; i < groupThreads.Count; i++)
            cooperativeGroup!.Scheduler!.Wake(i);
    }

    private void StartHelper()
    {
        var thread = new Thread(() =>
        {
            var kernelThread = new EmulatedThread(new EmulatedGroup());
            while (true)
            {
                start.Wait();
                if (isDisposed)
                    return;
                Work(kernelThread);
                finished.Signal();
            }
        })
        {
            IsBackground = true,
            Name = $"CPU accelerator worker {helpers.Count + 1}",
            Priority = accelerator.ThreadPriority,
        };
        helpers.Add(thread);
        thread.Start();
    }

    private void StartGroupThread(EmulatedGroup group)
    {
        int index = groupThreads.Count;
        var kernelThread = new EmulatedThread(group);
        groupThreads.Add(kernelThread);
        var thread = new Thread(
            () =>
            {
                var scheduler = group.Scheduler!;
                while (true)
                {
                    scheduler.AwaitTurn(index);
                    if (isDisposed)
                        return;
                    Exception? exception = null;
                    EmulatedThread.Enter(kernelThread);
                    try
                    {
                        body!(kernelThread, index);
                    }
                    catch (Exception e)
                    {
                        exception = e;
                    }
                    scheduler.Finish(index, exception);
                }
            },
            StackBytes)
        {
            IsBackground = true,
            Name = $"CPU accelerator kernel thread {index}",
            Priority = accelerator.ThreadPriority,
        };
        thread.Start();
    }

    private void Work(EmulatedThread thread)
    {
        EmulatedThread.Enter(thread);
        try
        {
            for (long item = Interlocked.Increment(ref next) - 1; item < count; item = Interlocked.Increment(ref next) - 1)
                job!.Execute(thread, item);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref failure, e, null);
            Volatile.Write(ref next, count);
        }
        finally
        {
            EmulatedThread.Enter(null);
        }
    }
}
