using System.Text;
using Spectre.Console;

namespace GpuVae.Cli;

/// <summary>
/// Standard output and error as commands see them. Every WriteLine of <see cref="Console"/> is one line, whatever its text holds
/// (<see cref="Printable"/>), and a stream that is closed or full loses text instead of ending the command.
/// </summary>
internal static class Terminal
{
    private const int UsualWidth = 80, UsualHeight = 24;

    private static TextWriter output = TextWriter.Null;
    private static IAnsiConsole? ansi;

    /// <summary>Standard output as it is, for what brings escape sequences and lines of its own.</summary>
    public static TextWriter Raw => output;

    /// <summary>Tables and bars; names in them must be <see cref="Printable"/>.</summary>
    public static IAnsiConsole Ansi => ansi ??= AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiOutput() });

    /// <summary>Columns of the window.</summary>
    public static int Width => Measure(() => Console.WindowWidth, UsualWidth);

    /// <summary>Must be called before the first word is written.</summary>
    public static void Open()
    {
        TextWriter error = Descriptors.WasClosed(2) ? TextWriter.Null : new LossyWriter(Console.Error, _ => { });
        Console.SetError(new LineWriter(error));
        output = Descriptors.WasClosed(1)
            ? TextWriter.Null
            : new LossyWriter(Console.Out, reason => Console.Error.WriteLine($"gpuvae: Standard output is lost from here on: {reason}"));
        Console.SetOut(new LineWriter(output));
    }

    private static int Measure(Func<int> measure, int usual)
    {
        try
        {
            return measure() is > 0 and int size ? size : usual;
        }
        catch (Exception error) when (error is IOException or InvalidOperationException)
        {
            // There is no window, or TERM names no terminal.
            return usual;
        }
    }

    /// <summary>Drops what cannot be written, and says why once.</summary>
    private sealed class LossyWriter(TextWriter inner, Action<string> report) : TextWriter
    {
        private bool isReported;

        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => Write([value]);

        public override void Write(string? value) => Write(value.AsSpan());

        public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

        public override void Write(ReadOnlySpan<char> buffer)
        {
            try
            {
                inner.Write(buffer);
                inner.Flush();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                // The last is what the runtime throws where TERM names a broken description of a terminal.
                if (isReported)
                    return;
                isReported = true;
                report(error.Message);
            }
        }
    }

    /// <summary>Writes printable lines.</summary>
    private sealed class LineWriter(TextWriter inner) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => Write(value.ToString());

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

        public override void Write(string? value) => inner.Write(Printable.Of(value ?? ""));

        public override void WriteLine() => inner.Write(NewLine);

        public override void WriteLine(string? value) => inner.Write(Printable.Of(value ?? "") + NewLine);
    }

    private sealed class AnsiOutput : IAnsiConsoleOutput
    {
        public TextWriter Writer => Raw;

        public bool IsTerminal => !Console.IsOutputRedirected;

        public int Width => Terminal.Width;

        public int Height => Measure(() => Console.WindowHeight, UsualHeight);

        public void SetEncoding(Encoding encoding)
        {
            // The console's own stays.
        }
    }
}
