using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using GpuVae.Cli.Commands;
using GpuVae.Devices;
using GpuVae.Formats;

namespace GpuVae.Cli;

/// <summary>
/// Every way in which a command ends badly: one message on stderr and no stack trace; exit code 2 where the user's input was wrong, or
/// the place that the user chose for the output cannot be written; 130 where a signal ended it; 1 for everything else. GPUVAE_DEBUG=1 adds
/// the stack trace for whoever mends the program.
/// </summary>
internal static class Failures
{
    /// <summary>What a shell gives a program that SIGINT ended.</summary>
    public const int InterruptedExitCode = 130;

    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            // Without response files: an argument that begins with @ is a path like any other.
            var configuration = new ParserConfiguration { ResponseFileTokenReplacer = null };
            RootCommand root = GpuvaeCommand.Create(arguments);
            ParseResult parsed = root.Parse(arguments, configuration);
            if (ConfigFile.Arguments(parsed) is { Length: > 0 } more)
                parsed = root.Parse([arguments[0], .. more, .. arguments[1..]], configuration);
            string[] errors = [.. Errors(parsed)];
            if (errors.Length > 0)
            {
                foreach (string error in errors)
                    Console.Error.WriteLine($"gpuvae: {error}");
                Console.Error.WriteLine($"Run '{HelpPage.Path(parsed)} --help' for the options and examples.");
                return 2;
            }
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = Terminal.Raw,
            });
        }
        catch (Exception e)
        {
            return Report(e, Cause(e) is BadInputException or IOException or UnauthorizedAccessException ? 2 : 1);
        }
    }

    /// <summary>What is wrong with the command line, the most helpful first; what only follows from it is left out.</summary>
    private static IEnumerable<string> Errors(ParseResult parsed)
    {
        if (parsed.Action is HelpPage)
            return [];
        Command command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.Errors.Count > 0)
        {
            string known = string.Join(", ", command.Subcommands.Select(part => part.Name));
            return [parsed.UnmatchedTokens.Count > 0
                ? $"There is no command '{parsed.UnmatchedTokens[0]}'{Meant(parsed.UnmatchedTokens[0])}choose one of {known}."
                : $"Say what to do by one of the commands {known}."];
        }
        // An option without its value takes the next option for it, and a script's empty variable is a value, too.
        OptionResult? incomplete = parsed.CommandResult.Children.OfType<OptionResult>().FirstOrDefault(option =>
            option.Tokens.Any(token => token.Value.Length == 0
                || command.Options.Any(other => other.Name == token.Value || other.Aliases.Contains(token.Value))));
        if (incomplete is { Option: var wanting })
            return [$"{wanting.Name} lacks its value; write {wanting.Name} {wanting.HelpName}."];
        IEnumerable<string> names = command.Options.Select(option => option.Name);
        string[] unknown = [.. parsed.UnmatchedTokens.Where(token => token.StartsWith("--", StringComparison.Ordinal))];
        return unknown.Length > 0
            ? unknown.Select(token =>
                $"There is no option {token} of '{HelpPage.Path(parsed)}'{Nearest.Hint(token.Split('=')[0], names)}")
            : parsed.Errors.Select(error => error.Message);

        string Meant(string word) =>
            Nearest.Of(word, command.Subcommands.Select(part => part.Name)) is { } nearest ? $"; did you mean {nearest}? Else " : "; ";
    }

    /// <summary>
    /// Ends the process without leaving anything half-written, unless the command has a better way of its own: handlers that were
    /// registered later are asked first.
    /// </summary>
    private static void Stop(PosixSignalContext context)
    {
        if (context.Cancel)
            return;
        AtomicFile.Abandon();
        Environment.Exit(InterruptedExitCode);
    }

    private static int Report(Exception error, int exitCode)
    {
        Console.Error.WriteLine($"gpuvae: {Flags.In(Describe(Cause(error)))}");
        if (Environment.GetEnvironmentVariable("GPUVAE_DEBUG") == "1")
        {
            foreach (string line in error.ToString().Split(Environment.NewLine))
                Console.Error.WriteLine(line);
        }
        return exitCode;
    }

    /// <summary>What went wrong first, where several threads or one that could not be started tell of it.</summary>
    private static Exception Cause(Exception error) =>
        error is AggregateException or TaskSchedulerException && error.InnerException is { } cause ? Cause(cause) : error;

    private static string Describe(Exception error) => error switch
    {
        OutOfMemoryException => "There is not enough memory; take fewer or smaller images, a smaller batch or model.",
        _ => DeviceErrors.Describe(error),
    };
}
