using GpuVae.Devices;

namespace GpuVae.Studio;

/// <summary>The models, for one computation at a time.</summary>
internal sealed class Workshop(StudioOptions options, ComputeDevice device) : IDisposable
{
    private readonly ModelQueue queue = new();

    public RunShelf Runs { get; } = new(options, device);

    public string Device => device.Name;

    /// <summary>Waits for the computation's turn, and does it with the run's model.</summary>
    /// <param name="run">Its name, or null for the default.</param>
    /// <param name="work">The computation.</param>
    /// <param name="stop">Cancels waiting and, through the second argument of <paramref name="work"/>, the computation.</param>
    /// <param name="isFresh">As for <see cref="RunShelf.Open"/>.</param>
    /// <exception cref="ModelBusyException">Too many are waiting already.</exception>
    /// <exception cref="UnknownRunException">There is no such run.</exception>
    public Task<T> Use<T>(string? run, Func<OpenRun, CancellationToken, T> work, CancellationToken stop, bool isFresh = false) =>
        queue.Run(() => work(Runs.Open(run, isFresh), stop), stop);

    /// <summary>The same for what needs the run's images to learn from; they are loaded without taking a turn.</summary>
    /// <inheritdoc cref="Use"/>
    /// <exception cref="BadInputException">The run does not tell its images, or they are gone.</exception>
    public async Task<T> Learn<T>(string? run, Func<OpenRun, CancellationToken, T> work, CancellationToken stop)
    {
        Task<ImageSet> known = await queue.Run(() => Runs.Open(run).Known, stop);
        await known.WaitAsync(stop);
        return await Use(run, work, stop);
    }

    public void Dispose()
    {
        Runs.Dispose();
        queue.Dispose();
    }
}
