using System.Diagnostics;
using System.Text.Json.Nodes;
using GpuVae.Devices;

namespace GpuVae.Tests.Cli;

/// <summary>Runs the gpuvae command as a process.</summary>
internal static class Gpuvae
{
    public static ProcessStartInfo StartInfo(string workingDirectory, params IEnumerable<string> arguments) =>
        new(BuildFacts.DotnetHost, [BuildFacts.CommandLine, .. arguments])
        {
            WorkingDirectory = workingDirectory,
            Environment =
            {
                // What whoever runs the tests has tuned is none of their business.
                [TuningTable.FolderVariable] = "off",
                // These processes end before the runtime's counts of what is often used pay for themselves.
                ["DOTNET_TieredPGO"] = "0",
            },
        };

    public static CommandResult Run(string workingDirectory, params IEnumerable<string> arguments) =>
        CommandResult.Of(StartInfo(workingDirectory, arguments));

    /// <summary>Runs a command that must succeed, without a word on stderr, and returns what it printed.</summary>
    public static string Succeed(string workingDirectory, params IEnumerable<string> arguments)
    {
        CommandResult result = Run(workingDirectory, arguments);
        Assert.True(result is { ExitCode: 0, Error: "" }, result.ToString());
        return result.Output;
    }

    /// <summary>What <c>evaluate</c> finds of a run.</summary>
    public static JsonNode Evaluate(string workingDirectory, string run, params IEnumerable<string> arguments)
    {
        string file = $"{run}.json";
        Succeed(workingDirectory, ["evaluate", "--run", run, .. arguments, "--json", file]);
        return JsonNode.Parse(File.ReadAllText(Path.Combine(workingDirectory, file)))!;
    }
}
