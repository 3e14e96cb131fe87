using Microsoft.Extensions.Logging;

namespace GpuVae.Cli;

/// <summary>Shows what the library finds worth a note, but no error, on stderr; the command goes on.</summary>
internal sealed class Notes : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            Console.Error.WriteLine($"gpuvae: note: {Flags.In(formatter(state, exception))}");
    }
}
