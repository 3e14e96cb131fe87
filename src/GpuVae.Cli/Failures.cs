using System.CommandLine;

namespace GpuVae.Cli;

/// <summary>
/// Every way in which a command ends badly: one message on stderr and no stack trace; exit code 2 where the user's input was wrong, or
/// the place that the user chose for the output cannot be written; 1 for everything else. GPUVAE_DEBUG=1 adds the stack trace for
/// whoever mends the program.
/// </summary>
internal static class Failures
{
    public static async Task<int> RunAsync(ParseResult parsed)
    {
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                Console.Error.WriteLine($"gpuvae: {error.Message}");
            string command = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
            Console.Error.WriteLine($"Run 'gpuvae{command} --help' for the options and examples.");
            return 2;
        }
        try
        {
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(configuration);
        }
        catch (Exception e) when (e is BadInputException or IOException or UnauthorizedAccessException)
        {
            return Report(e, 2);
        }
        catch (Exception e)
        {
            return Report(e, 1);
        }
    }

    private static int Report(Exception error, int exitCode)
    {
        Console.Error.WriteLine($"gpuvae: {error.Message}");
        if (Environment.GetEnvironmentVariable("GPUVAE_DEBUG") == "1")
            Console.Error.WriteLine(error);
        return exitCode;
    }
}
