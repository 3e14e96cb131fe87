namespace GpuVae.Simd.Benchmarks;

/// <summary>A program with its data in place.</summary>
/// <param name="run">Computes everything anew and waits for it.</param>
/// <param name="check">Throws <see cref="InvalidDataException"/> if the result of the last run is wrong.</param>
/// <param name="resources">Disposed with this.</param>
internal sealed class PreparedRun(Action run, Action check, params IDisposable[] resources) : IDisposable
{
    public void Run() => run();

    public void Check() => check();

    public void Dispose()
    {
        foreach (IDisposable resource in resources)
            resource.Dispose();
    }
}
