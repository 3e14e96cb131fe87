using Spectre.Console;

namespace GpuVae.Cli;

/// <summary>Prints tables: no wider than the terminal; in a file or a pipe, where there is no edge, as wide as they are.</summary>
internal static class TableConsole
{
    private const int RedirectedWidth = 240;

    public static void Write(Table table)
    {
        if (Console.IsOutputRedirected)
            Terminal.Ansi.Profile.Width = RedirectedWidth;
        Terminal.Ansi.Write(table);
    }
}
