namespace GpuVae.Training;

/// <summary>Does one piece of work after the other on another thread, so that training goes on while files are written.</summary>
internal sealed class BackgroundWriter
{
    private Task last = Task.CompletedTask;

    /// <summary>Begins to write, after what is still being written.</summary>
    /// <exception cref="Exception">What an earlier piece of work threw, once.</exception>
    public void Start(Action write)
    {
        Wait();
        last = Task.Run(write);
    }

    /// <summary>Waits for what is being written.</summary>
    /// <exception cref="Exception">What it threw, once.</exception>
    public void Wait()
    {
        Task done = last;
        last = Task.CompletedTask;
        done.GetAwaiter().GetResult();
    }
}
