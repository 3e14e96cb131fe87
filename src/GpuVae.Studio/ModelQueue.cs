namespace GpuVae.Studio;

/// <summary>One model computation at a time, in the order in which they are asked for; a bounded number may wait.</summary>
internal sealed class ModelQueue : IDisposable
{
    public const int MostWaiting = 64;

    private readonly SemaphoreSlim turn = new(1);
    private int waiting;

    /// <exception cref="ModelBusyException">Too many are waiting already.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for the result any more.</exception>
    public async Task<T> Run<T>(Func<T> work, CancellationToken stop)
    {
        if (Interlocked.Increment(ref waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref waiting);
            throw new ModelBusyException();
        }
        try
        {
            await turn.WaitAsync(stop);
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
        try
        {
            return await Task.Run(work, CancellationToken.None);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();
}

/// <summary>The queue is full.</summary>
internal sealed class ModelBusyException() : Exception("The model has too much to do at the moment. Try again in a second.");
