using System.Buffers;

namespace GpuVae.Cli.Commands;

/// <summary>The command lines that a run was started and gone on with by, kept in its folder for its report.</summary>
internal static class RunCommands
{
    private const string FileName = "commands.json";

    private static readonly SearchValues<char> Special = SearchValues.Create(" \t'\"$&;|<>()*?`");

    /// <summary>Adds a command line; gives all, the first one first.</summary>
    public static string[] Add(RunFolder folder, ParseResult parsed)
    {
        string line = "gpuvae " + string.Join(' ', parsed.Tokens.Select(token => Quoted(token.Value)));
        string[] all = [.. RunFile.Read<string[]>(folder, FileName, "Delete it.") ?? [], line];
        RunFile.Write(folder, FileName, all);
        return all;
    }

    private static string Quoted(string text) =>
        text.Length > 0 && !text.AsSpan().ContainsAny(Special) ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
