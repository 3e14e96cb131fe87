using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace GpuVae.Cli;

/// <summary>A command with examples, which its help shows last.</summary>
internal sealed class ExampleCommand(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}

internal sealed class HelpWithExamples(HelpAction inner) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult result)
    {
        int exitCode = inner.Invoke(result);
        var examples = result.CommandResult.Command switch
        {
            ExampleCommand command => command.Examples,
            RootCommand root => root.Subcommands.OfType<ExampleCommand>().Select(c => c.Examples[0]),
            _ => [],
        };
        Console.WriteLine("Examples:");
        foreach (string example in examples)
            Console.WriteLine($"  {example}");
        Console.WriteLine();
        return exitCode;
    }
}
